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
  const deadline = performance.now() + withinMs
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Waited ${withinMs} ms for ${what}`)
    await Bun.sleep(5)
  }
}
