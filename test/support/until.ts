/** However long a round took: a machine that stood still has not waited, as what was to happen stood still with it. */
const ROUND_MS_MAX = 1000

/**
 * Waits until a condition holds, asking again and again.
 *
 * @param what names the condition in the error
 * @throws Error when it does not hold within `withinMs`
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  let waitedMs = 0
  for (let startedMs = performance.now(); !(await holds()); startedMs = performance.now()) {
    if (waitedMs > withinMs) throw new Error(`Waited ${withinMs} ms for ${what}`)
    await Bun.sleep(5)
    waitedMs += Math.min(ROUND_MS_MAX, performance.now() - startedMs)
  }
}
