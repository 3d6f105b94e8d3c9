import type { AppContext } from '../../context'
import type { Piece } from './share-time'
import type { Removable } from './store'

type Deps = Pick<AppContext, 'config' | 'stores' | 'objects' | 'activity'>

const BATCH = 128
const AT_ONCE = 16
/** Clocks of the service and the object store may differ by this much. */
const SKEW_MS = 60_000
/** The store asks only at its beginning whether the URL is good; a large file over a poor line takes most of this. */
const UPLOAD_MS_MAX = 3_600_000

/**
 * Takes objects out of the store, the oldest first, each once a round. The row of one that may still be uploaded stays, so
 * that a late upload is found in a later round.
 *
 * @returns does the next piece
 */
export function createObjectRemoval(
  ctx: Deps,
  now: Date,
  stopRequested: () => boolean,
): () => Promise<Piece> {
  let last: Removable | null = null
  const lateMs = ctx.config.uploadUrlTtlSeconds * 1000 + SKEW_MS + UPLOAD_MS_MAX
  const isFinal = ({ createdAt }: Removable) => createdAt.getTime() + lateMs < now.getTime()

  return async () => {
    const batch = await ctx.stores.housekeeping.listRemovable(last, BATCH)
    last = batch.at(-1) ?? null
    let removed = 0
    for (let at = 0; at < batch.length && !stopRequested(); at += AT_ONCE) {
      const gone = await removeAtOnce(ctx, batch.slice(at, at + AT_ONCE))
      // A store that takes none of them is away: the next round tries again.
      if (gone.length === 0) return { removed, isMore: false }
      const final = gone.filter(isFinal).map(({ mediaKey }) => mediaKey)
      if (final.length > 0) await ctx.stores.housekeeping.dropUploads(final)
      removed += final.length
    }
    return { removed, isMore: batch.length === BATCH }
  }
}

/** Those that are gone; what the store did not take is logged. */
async function removeAtOnce(ctx: Deps, objects: readonly Removable[]): Promise<Removable[]> {
  const outcomes = await Promise.allSettled(objects.map(({ mediaKey }) => ctx.objects.remove(mediaKey)))
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed !== undefined) ctx.activity.followUpFailed('remove objects', failed.reason)
  return objects.filter((_, i) => outcomes[i]?.status === 'fulfilled')
}
