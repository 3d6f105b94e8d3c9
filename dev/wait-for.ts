/** Waiting for something to come up, with an end. */

export type WaitOptions = Readonly<{
  what: string
  timeoutMs: number
  intervalMs?: number
  gaveUp?: () => string | null
}>

/**
 * Asks `probe` again and again until it answers something other than null.
 *
 * @param options `gaveUp` names a reason to stop early (say, the process has died)
 * @throws after `timeoutMs`, or with the reason of `gaveUp`
 */
export async function waitFor<T>(probe: () => Promise<T | null>, options: WaitOptions): Promise<T> {
  const deadline = performance.now() + options.timeoutMs
  for (;;) {
    const found = await probe().catch(() => null)
    if (found !== null) return found
    const reason = options.gaveUp?.() ?? null
    if (reason !== null) throw new Error(`${options.what}: ${reason}`)
    if (performance.now() > deadline)
      throw new Error(`${options.what}: not ready after ${options.timeoutMs} ms`)
    await Bun.sleep(options.intervalMs ?? 40)
  }
}
