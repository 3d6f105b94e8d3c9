/**
 * Begins to count how many tokens a bucket of so many a minute gets back at most.
 *
 * @returns the count until now; Redis has whole milliseconds, of which one more may have begun
 */
export function countRefills(perMin: number): () => number {
  const startedMs = performance.now()
  return () => Math.floor(((performance.now() - startedMs + 1) * perMin) / 60_000)
}
