import { monotonicMs } from '../../kernel/clock'

/** Runs rounds one after the other, never two at once, and ends after the one in hand. */
export type Loop = Readonly<{
  /** Resolves when the loop has ended. */
  done: Promise<void>
  /** No new round begins; resolves when the one in hand has ended. */
  stop(): Promise<void>
  isStopping(): boolean
}>

/**
 * @param round must not throw
 * @param intervalMs from the start of a round to the start of the next; a longer round is followed at once
 */
export function startLoop(round: (isStopping: () => boolean) => Promise<void>, intervalMs: number): Loop {
  let stopping = false
  let wakeUp: () => void = () => undefined
  const isStopping = () => stopping
  const rest = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      wakeUp = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  const run = async () => {
    while (!stopping) {
      const startedMs = monotonicMs()
      await round(isStopping)
      if (!stopping) await rest(Math.max(0, intervalMs - (monotonicMs() - startedMs)))
    }
  }
  const done = run()
  return {
    done,
    isStopping,
    stop() {
      stopping = true
      wakeUp()
      return done
    },
  }
}
