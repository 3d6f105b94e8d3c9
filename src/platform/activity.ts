import type { Emoji } from '../kernel/emoji'
import type { Logger } from './logger'
import type { Metrics } from './metrics'

/** One function per business event: its log line and its counter together. They never throw. */
export type Activity = ReturnType<typeof createActivity>

export type AuthAction = 'signup' | 'login' | 'refresh' | 'logout'
export type AuthOutcome = 'ok' | 'refused' | 'reused'

type Where = Readonly<{ requestId?: string | undefined; userId?: string | undefined }>

export function createActivity(logger: Logger, metrics: Metrics) {
  // Every field of these lines is named below and none is secret: looking through them would cost twice what writing does.
  const lines = logger.child({}, { redact: [] })
  const write = (event: string, where: Where, facts: object = {}) =>
    lines.info({ event, request_id: where.requestId, user_id: where.userId, ...facts })
  return {
    auth(where: Where, action: AuthAction, outcome: AuthOutcome) {
      metrics.authEvents.inc({ action, outcome })
      write('auth', where, { action, outcome })
    },
    storyCreated(where: Where, story: { id: string; visibility: string; media_type: string | null }) {
      metrics.storiesCreated.inc({ visibility: story.visibility })
      write('story_created', where, {
        story_id: story.id,
        visibility: story.visibility,
        media_type: story.media_type ?? undefined,
      })
    },
    storyViewed(where: Where, storyId: string) {
      metrics.storyViews.inc()
      write('story_viewed', where, { story_id: storyId })
    },
    storyDeleted(where: Where, storyId: string) {
      write('story_deleted', where, { story_id: storyId })
    },
    storyRemoved(where: Where, storyId: string, authorId: string) {
      write('story_removed', where, { story_id: storyId, author_id: authorId })
    },
    reactionAdded(where: Where, storyId: string, emoji: Emoji) {
      metrics.reactions.inc({ emoji })
      write('reaction_added', where, { story_id: storyId, emoji })
    },
    reactionRemoved(where: Where, storyId: string) {
      write('reaction_removed', where, { story_id: storyId })
    },
    followAdded(where: Where, followeeId: string) {
      write('follow_added', where, { followee_id: followeeId })
    },
    followRemoved(where: Where, followeeId: string) {
      write('follow_removed', where, { followee_id: followeeId })
    },
    uploadPresigned(where: Where, contentType: string, sizeBytes: number) {
      write('upload_presigned', where, { content_type: contentType, size_bytes: sizeBytes })
    },
    /** One batch of a sweep; `soFar` is the sweep's count when there may be more to come, and then gets a line. */
    storiesEnded(count: number, soFar: number | null) {
      metrics.storiesExpired.inc(count)
      if (soFar !== null) write('sweep_progress', {}, { count: soFar })
    },
    storiesExpired(count: number, durationMs: number) {
      metrics.workerLatency.observe(durationMs / 1000)
      write('story_expired', {}, { count, duration_ms: Math.round(durationMs * 10) / 10 })
    },
    housekeeping(removed: Readonly<Record<string, number>>, durationMs: number) {
      for (const [kind, count] of Object.entries(removed)) metrics.housekeepingRemoved.inc({ kind }, count)
      write('housekeeping', {}, { ...removed, duration_ms: Math.round(durationMs * 10) / 10 })
    },
    dependencyChanged(
      dependency: 'database' | 'replica' | 'redis' | 'storage',
      up: boolean,
      cause?: unknown,
    ) {
      metrics.dependencyUp.set({ dependency }, up ? 1 : 0)
      if (up) logger.info({ event: 'dependency_up', dependency })
      else {
        metrics.dependencyErrors.inc({ dependency })
        logger.warn({ event: 'dependency_down', dependency, err: cause })
      }
    },
    followUpFailed(what: string, cause: unknown) {
      logger.warn({ event: 'follow_up_failed', what, err: cause })
    },
  }
}
