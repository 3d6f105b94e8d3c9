import { type TracingChannel, tracingChannel } from 'node:diagnostics_channel'

/**
 * Gives tracing channels the `hasSubscribers` of Node (diagnostics_channel, TracingChannel), which Bun leaves out.
 * Without it pino and ioredis take every line and command for traced and dress it for a listener that nobody is: a
 * fifth of what a line costs, and a copy of every command's arguments.
 */
export function provideHasSubscribers(): void {
  const prototype: object = Object.getPrototypeOf(tracingChannel('stories'))
  if ('hasSubscribers' in prototype) return
  Object.defineProperty(prototype, 'hasSubscribers', {
    get(this: TracingChannel) {
      return [this.start, this.end, this.asyncStart, this.asyncEnd, this.error].some(
        (channel) => channel.hasSubscribers,
      )
    },
  })
}
