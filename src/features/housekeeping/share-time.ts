import { monotonicMs } from '../../kernel/clock'

/** Work of one kind, done in short pieces. */
export type Chore = Readonly<{ kind: string; doPiece(): Promise<Piece> }>

/** How much a piece removed, and whether there may be more. */
export type Piece = Readonly<{ removed: number; isMore: boolean }>

type Options = Readonly<{
  /** No piece begins later, but for the first of each chore. */
  budgetMs: number
  stopRequested: () => boolean
  /** The chore is left alone for this round. */
  onFailed(kind: string, error: unknown): void
  nowMs?: () => number
}>

/**
 * Works on all chores until nothing is left, the time is over or a stop is asked for. Each has one piece in every round;
 * after that the one that has had the least time comes next, so that no backlog keeps the others waiting, and what one
 * does not need is left to them.
 *
 * @returns how much of each kind was removed
 */
export async function shareTime(
  chores: readonly Chore[],
  { budgetMs, stopRequested, onFailed, nowMs = monotonicMs }: Options,
): Promise<Record<string, number>> {
  const endMs = nowMs() + budgetMs
  const removed = Object.fromEntries(chores.map(({ kind }) => [kind, 0]))
  const usedMs = new Map<Chore, number>()

  const doPiece = async (chore: Chore): Promise<void> => {
    const startedMs = nowMs()
    const piece = await chore.doPiece().catch((error: unknown) => {
      onFailed(chore.kind, error)
      return NOTHING
    })
    removed[chore.kind] = (removed[chore.kind] ?? 0) + piece.removed
    if (piece.isMore) usedMs.set(chore, (usedMs.get(chore) ?? 0) + nowMs() - startedMs)
    else usedMs.delete(chore)
  }

  for (const chore of chores) if (!stopRequested()) await doPiece(chore)
  while (usedMs.size > 0 && nowMs() < endMs && !stopRequested()) await doPiece(leastServed(usedMs))
  return removed
}

const NOTHING: Piece = { removed: 0, isMore: false }

const leastServed = <T>(usedMs: ReadonlyMap<T, number>): T =>
  [...usedMs].reduce((least, entry) => (entry[1] < least[1] ? entry : least))[0]
