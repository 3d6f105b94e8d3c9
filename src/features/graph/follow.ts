import type { AppContext } from '../../context'
import { AppError, invalidField, notFound } from '../../kernel/errors'
import type { Viewer } from '../../kernel/viewer'
import { FOLLOWS_MAX } from './rules'
import type { Follow } from './schema'

type Deps = Pick<AppContext, 'clock' | 'config' | 'stores' | 'activity' | 'pageVersions'>

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
  await renewPages(ctx, viewer.id, followeeId)
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
  await renewPages(ctx, viewer.id, followeeId)
  if (wasThere) ctx.activity.followRemoved({ requestId, userId: viewer.id }, followeeId)
}

/**
 * The follows first: a page is made of them. Also when nothing has changed: a process may have ended between a change and
 * its word, and whoever asks again wants to see it.
 */
async function renewPages(
  { config, pageVersions }: Pick<Deps, 'config' | 'pageVersions'>,
  followerId: string,
  followeeId: string,
) {
  // Who is followed sees the same as before unless friends follow each other, and cannot be kept waiting by strangers.
  const changed = config.friendsRule === 'mutual' ? [followerId, followeeId] : [followerId]
  await pageVersions.renewGraph(changed)
  await pageVersions.renew(changed)
}
