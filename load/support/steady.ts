/**
 * Sends requests at a constant rate, whether or not earlier ones have been answered, and notes how long each took from
 * the moment it was due.
 *
 * @param send is called with the number of the request; what it returns names the list its latency goes to
 * @param until ends the sending when it resolves; the answers still under way are waited for
 */
export async function sendSteadily<Kind extends string>(
  ratePerSecond: number,
  send: (turn: number) => Promise<Kind>,
  until: Promise<unknown>,
): Promise<Partial<Record<Kind, number[]>>> {
  const latenciesMs: Partial<Record<Kind, number[]>> = {}
  const pending = new Set<Promise<void>>()
  const failures: unknown[] = []
  let isOver = false
  const end = () => {
    isOver = true
  }
  until.then(end, end)
  const startedMs = performance.now()
  for (let turn = 0; !isOver && failures.length === 0; turn++) {
    const dueMs = startedMs + (turn * 1000) / ratePerSecond
    await Bun.sleep(Math.max(0, dueMs - performance.now()))
    const request: Promise<void> = send(turn)
      .then(
        (kind) => {
          latenciesMs[kind] = latenciesMs[kind] ?? []
          latenciesMs[kind]?.push(performance.now() - dueMs)
        },
        (error) => {
          failures.push(error)
        },
      )
      .finally(() => pending.delete(request))
    pending.add(request)
  }
  await Promise.all(pending)
  if (failures.length > 0) throw failures[0]
  return latenciesMs
}
