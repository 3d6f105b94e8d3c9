import { type SQL, sql } from 'drizzle-orm'
import type { FriendsRule } from '../../config'
import { createListStatement } from '../../platform/database/statement'
import { EVENT_COLUMNS, type MaybeRawEvent } from '../events/event-row-sql'
import { byRule, isActiveSql, mayViewSql } from './visibility-sql'

export const VIEWS_AT_ONCE_MAX = 16

const seenSql = (rule: FriendsRule, asked: SQL): SQL => sql`
  asked as ${asked},
  seen as materialized (
    select asked.*, s.author_id from asked join stories s on s.id = asked.story_id
    where ${isActiveSql(sql`asked.at`, 's')} and ${mayViewSql(rule, sql`asked.viewer_id`, 's')}
  )`

const ADDED = sql`
  insert into story_views (story_id, viewer_id, viewed_at)
  select story_id, viewer_id, at::timestamptz from seen`

const TOLD = sql`
  insert into events as e (author_id, type, data, created_at)
  select seen.author_id, 'story.viewed', jsonb_build_object('story_id', seen.story_id, 'viewer_id', seen.viewer_id,
    'viewed_at', seen.at), v.viewed_at`

const ANSWER = sql`
  select seen.story_id, seen.viewer_id, seen.author_id, v.viewed_at is not null as is_first, coalesce(v.viewed_at, (
    select b.viewed_at from story_views b where b.story_id = seen.story_id and b.viewer_id = seen.viewer_id
  )) as viewed_at, told.xact, told.seq, told.type, told.data, told.created_at from seen`

/** Inserted in an order, so that two statements with the same views do not wait for each other. */
const recordViews = (rule: FriendsRule, asked: SQL): SQL => sql`
  with ${seenSql(rule, asked)},
  v as (${ADDED} order by 1, 2 on conflict do nothing returning story_id, viewer_id, viewed_at),
  told as (${TOLD} from v join seen using (story_id, viewer_id) where seen.author_id <> seen.viewer_id
    returning (e.data->>'story_id')::uuid as story_id, (e.data->>'viewer_id')::uuid as viewer_id, ${EVENT_COLUMNS})
  ${ANSWER} left join v using (story_id, viewer_id) left join told using (story_id, viewer_id)`

/** Of a single view there is one row at most everywhere, and nothing to be matched. */
const recordView = (rule: FriendsRule, asked: SQL): SQL => sql`
  with ${seenSql(rule, asked)},
  v as (${ADDED} on conflict do nothing returning viewed_at),
  told as (${TOLD} from v, seen where seen.author_id <> seen.viewer_id returning ${EVENT_COLUMNS})
  ${ANSWER} left join v on true left join told on true`

const COLUMNS = { story_id: 'uuid', viewer_id: 'uuid', at: 'text' }
export const RECORD_VIEWS = byRule((rule) =>
  createListStatement(
    COLUMNS,
    VIEWS_AT_ONCE_MAX,
    (asked) => recordViews(rule, asked),
    (asked) => recordView(rule, asked),
  ),
)

export type RawView = {
  story_id: string
  viewer_id: string
  author_id: string
  is_first: boolean
  viewed_at: string | null
} & MaybeRawEvent
