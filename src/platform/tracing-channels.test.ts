import { expect, test } from 'bun:test'
import { tracingChannel } from 'node:diagnostics_channel'
import { provideHasSubscribers } from './tracing-channels'

test('a tracing channel says whether anybody listens', () => {
  provideHasSubscribers()
  const channel = tracingChannel('stories:test')
  const listeners = { start: () => undefined, end: () => undefined, error: () => undefined }
  expect(channel.hasSubscribers).toBe(false)
  channel.subscribe(listeners as never)
  expect(channel.hasSubscribers).toBe(true)
  channel.unsubscribe(listeners as never)
  expect(channel.hasSubscribers).toBe(false)
})
