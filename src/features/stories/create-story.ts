import type { AppContext } from '../../context'
import { AppError, invalidField, unauthenticated } from '../../kernel/errors'
import { newId } from '../../kernel/ids'
import type { Viewer } from '../../kernel/viewer'
import { findKept, type KeyedAnswer, onceKey, runOnce } from '../idempotency/run-once'
import { type CheckedUpload, checkUpload, claimUpload } from '../media/check-upload'
import { presentStory } from './present'
import { planStory, type StoryInput, type StoryPlan, type StoryTimes, storyTimes } from './rules'
import type { Story } from './schema'

type Deps = Pick<
  AppContext,
  'clock' | 'config' | 'objects' | 'stores' | 'transact' | 'activity' | 'pageVersions'
>

/**
 * Creates a story: story, audience, media claim and idempotency record together or not at all.
 *
 * @param key the Idempotency-Key header, or null
 * @returns the answer's status, JSON text and location, and whether it is a kept one
 * @throws AppError `validation_failed`, `audience_not_allowed`, `unknown_user`, `media_*`, `idempotency_*`
 */
export async function createStory(
  ctx: Deps,
  viewer: Viewer,
  input: StoryInput,
  key: string | null,
  requestId: string,
): Promise<KeyedAnswer> {
  const answer = await createOnce(ctx, viewer, input, key, requestId)
  // The process that made it may have ended before its word.
  if (answer.replayed) await ctx.pageVersions.renew([viewer.id])
  return answer
}

async function createOnce(
  ctx: Deps,
  viewer: Viewer,
  input: StoryInput,
  key: string | null,
  requestId: string,
): Promise<KeyedAnswer> {
  const once = onceKey(viewer.id, key, input)
  const replay = async () => (once === null ? null : findKept(ctx.stores.idempotency, once, ctx.clock.now()))
  const kept = await replay()
  if (kept !== null) return kept

  try {
    const plan = planStory(input, viewer.id)
    const author = await ctx.stores.accounts.findUserById(viewer.id)
    if (author === null) throw unauthenticated()
    await checkAudience(ctx, plan)
    const upload = plan.mediaKey === null ? null : await checkUpload(ctx, viewer, plan.mediaKey)
    // Only now: a list that goes on from a later story would skip one that waited for the object store.
    const times = storyTimes(ctx.clock.now(), ctx.config.storyTtlSeconds)
    return await ctx.transact((tx) =>
      runOnce(tx.idempotency, once, times.createdAt, async () => {
        const story = await insertStory(ctx, tx, viewer, author.handle, { ...plan, ...times }, upload)
        tx.afterCommit(async () => {
          ctx.activity.storyCreated({ requestId, userId: viewer.id }, story)
          await ctx.pageVersions.renew([viewer.id])
        })
        return { status: 201, location: `/stories/${story.id}`, body: JSON.stringify(story) }
      }),
    )
  } catch (error) {
    // A twin may have taken the media or the key since the first look; then its answer is this request's answer too.
    const twin =
      error instanceof AppError && error.status < 500 && error.code !== 'idempotency_key_reused'
        ? await replay()
        : null
    if (twin !== null) return twin
    throw error
  }
}

async function checkAudience(ctx: Pick<Deps, 'stores'>, plan: StoryPlan): Promise<void> {
  if (plan.audience === null || plan.audience.length === 0) return
  const missing = await ctx.stores.stories.findMissingUsers(plan.audience)
  if (missing.length > 0) throw unknownUser(missing)
}

const unknownUser = (ids: readonly string[]) =>
  invalidField('audience_user_ids', `has ids of no user: ${ids.slice(0, 5).join(', ')}`, 'unknown_user')

async function insertStory(
  ctx: Pick<Deps, 'objects'>,
  tx: AppContext['stores'],
  viewer: Viewer,
  handle: string,
  plan: StoryPlan & StoryTimes,
  upload: CheckedUpload | null,
): Promise<Story> {
  const { audience, ...row } = plan
  const id = newId()
  const story = {
    ...row,
    id,
    authorId: viewer.id,
    mediaType: upload?.contentType ?? null,
    hasAudience: audience !== null,
  }
  await tx.stories.insertStory(story)
  if (audience !== null && !(await tx.stories.insertAudience(id, audience, plan.createdAt)))
    throw unknownUser(audience)
  if (upload !== null) await claimUpload(tx.media, viewer, upload.mediaKey, id)
  return presentStory(
    {
      ...story,
      deletedAt: null,
      authorHandle: handle,
      views: 0,
      reactions: [],
      hasViewed: false,
      reaction: null,
      isInAudience: false,
    },
    ctx.objects,
  )
}
