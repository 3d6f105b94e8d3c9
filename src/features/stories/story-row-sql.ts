import { type SQL, sql } from 'drizzle-orm'
import type { Value } from '../../platform/database/statement'
import { isInAudienceSql } from './visibility-sql'

/** The columns and joins of a StoryRow for stories known as `s`. */
export const storyRowSql = (viewerId: Value): { columns: SQL; joins: SQL } => ({
  columns: sql`s.id, s.author_id, u.handle, s.text, s.media_key, s.media_type, s.visibility, s.has_audience,
    s.created_at, s.expires_at, s.deleted_at, k.views, k.reactions,
    v.viewer_id is not null as has_viewed, x.emoji as reaction,
    s.has_audience and ${isInAudienceSql(viewerId, 's')} as is_in_audience`,
  joins: sql`join users u on u.id = s.author_id
    left join lateral (
      select coalesce(sum(c.views), 0)::text as views, json_build_array(coalesce(sum(c.r1), 0), coalesce(sum(c.r2), 0),
        coalesce(sum(c.r3), 0), coalesce(sum(c.r4), 0), coalesce(sum(c.r5), 0), coalesce(sum(c.r6), 0)) as reactions
      from story_counters c where c.story_id = s.id) k on true
    left join story_views v on v.story_id = s.id and v.viewer_id = ${viewerId}::uuid
    left join reactions x on x.story_id = s.id and x.user_id = ${viewerId}::uuid`,
})
