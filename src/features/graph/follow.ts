import type { AppContext } from '../../context'
import { AppError, invalidField, notFound } from '../../kernel/errors'
import type { Viewer } from '../../kernel/viewer'
import { FOLLOWS_MAX } from './rules'
import type { Follow } from './schema'

type Deps = Pick<AppContext, 'clock' | 'stores' | 'activity' | 'pageVersions'>

/**
 * Follows a person; a repeated call answers the same follow.
 *
 * @throws AppError `cannot_follow_self`, `not_found`, `validation_failed` for one more than there may be
 */
export async function follow(
  ctx: Deps,
  viewer: Viewer,
  followeeId: string,
  requestId: string,
): Promise<{ follow: Follow; isNew: boolean }> {
  if (followeeId === viewer.id) {
    throw new AppError('cannot_follow_self', 'You cannot follow yourself.', {
      fields: [{ field: 'user_id', message: 'is you' }],
    })
  }
  const createdAt = ctx.clock.now()
  const row = { followerId: viewer.id, followeeId, createdAt }
  const saved = await ctx.stores.graph.insertFollow(row, FOLLOWS_MAX)
  if (saved === null) throw notFound()
  if (saved === 'too_many')
    throw invalidField('user_id', `is one more than the ${FOLLOWS_MAX} that may be followed`)
  await renewBoth(ctx, viewer.id, followeeId)
  if (saved.isNew) ctx.activity.followAdded({ requestId, userId: viewer.id }, followeeId)
  return {
    follow: {
      follower_id: viewer.id,
      followee_id: followeeId,
      created_at: saved.row.createdAt.toISOString(),
    },
    isNew: saved.isNew,
  }
}

/** Stops following; nothing happens when there was no follow. */
export async function unfollow(
  ctx: Deps,
  viewer: Viewer,
  followeeId: string,
  requestId: string,
): Promise<void> {
  const wasThere = await ctx.stores.graph.deleteFollow(viewer.id, followeeId)
  await renewBoth(ctx, viewer.id, followeeId)
  if (wasThere) ctx.activity.followRemoved({ requestId, userId: viewer.id }, followeeId)
}

/**
 * Under the mutual rule either side's pages change. The follows first: a page is made of them. Also when nothing has changed: a
 * process may have ended between a change and its word, and whoever asks again wants to see it.
 */
async function renewBoth(ctx: Pick<Deps, 'pageVersions'>, followerId: string, followeeId: string) {
  await ctx.pageVersions.renewGraph([followerId, followeeId])
  await ctx.pageVersions.renew([followerId, followeeId])
}
