import { sql } from 'drizzle-orm'
import {
  bigint,
  bigserial,
  boolean,
  check,
  customType,
  date,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'

/** All tables and indexes. For triggers and functions, which it cannot say, see the newest migration that names them. */

/** Milliseconds, as a JavaScript Date has them, so that a cursor holds exactly what is stored. */
const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' })

/** The quarter of an hour in which a story was made, as an array, for which GIN has operators of its own. */
export const SEARCH_BUCKET = `(array[floor(extract(epoch from created_at at time zone 'UTC') / 900)::integer])`

const xid8 = customType<{ data: string }>({ dataType: () => 'xid8' })
const tsvector = customType<{ data: string }>({ dataType: () => 'tsvector' })

export const users = pgTable(
  'users',
  {
    id: uuid('id').primaryKey().default(sql`gen_random_uuid()`),
    email: text('email').notNull().unique(),
    passwordHash: text('password_hash').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
    handle: text('handle')
      .notNull()
      .unique()
      .default(sql`'u' || substr(replace(gen_random_uuid()::text, '-', ''), 1, 24)`),
    role: text('role', { enum: ['user', 'admin'] })
      .notNull()
      .default('user'),
  },
  (table) => [
    // For code from before the other one, and to be dropped by a later release.
    index('users_handle_prefix').on(table.handle.op('text_pattern_ops')),
    index('users_handle_order').on(sql`${table.handle} collate "C"`),
    check('users_role', sql`${table.role} in ('user', 'admin')`),
    check('users_handle', sql`${table.handle} ~ '^[a-z0-9_]{3,30}$'`),
  ],
)

const userId = (name: string) => uuid(name).references(() => users.id, { onDelete: 'cascade' })

export const refreshTokens = pgTable(
  'refresh_tokens',
  {
    tokenHash: text('token_hash').primaryKey(),
    familyId: uuid('family_id').notNull(),
    userId: userId('user_id').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
    expiresAt: moment('expires_at').notNull(),
    spentAt: moment('spent_at'),
    revokedAt: moment('revoked_at'),
  },
  (table) => [
    index('refresh_tokens_live').on(table.familyId).where(sql`spent_at is null`),
    // Of the code before migration 0006, which may run beside this one: to be dropped by a later release.
    index('refresh_tokens_family').on(table.familyId),
    index('refresh_tokens_user').on(table.userId),
    index('refresh_tokens_expires').on(table.expiresAt),
  ],
)

export const follows = pgTable(
  'follows',
  {
    followerId: userId('follower_id').notNull(),
    followeeId: userId('followee_id').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.followerId, table.followeeId] }),
    index('follows_followee').on(table.followeeId, table.followerId),
    index('follows_following_page').on(
      table.followerId,
      table.createdAt.desc().nullsFirst(),
      table.followeeId.desc().nullsFirst(),
    ),
    index('follows_followers_page').on(
      table.followeeId,
      table.createdAt.desc().nullsFirst(),
      table.followerId.desc().nullsFirst(),
    ),
    check('follows_not_self', sql`${table.followerId} <> ${table.followeeId}`),
  ],
)

export const stories = pgTable(
  'stories',
  {
    id: uuid('id').primaryKey().default(sql`gen_random_uuid()`),
    authorId: userId('author_id').notNull(),
    text: text('text'),
    mediaKey: text('media_key'),
    visibility: text('visibility', { enum: ['public', 'friends', 'private'] }).notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
    expiresAt: moment('expires_at').notNull().default(sql`now() + interval '24 hours'`),
    deletedAt: moment('deleted_at'),
    mediaType: text('media_type'),
    hasAudience: boolean('has_audience').notNull().default(false),
    tsv: tsvector('tsv').generatedAlwaysAs(
      sql`case when deleted_at is null then to_tsvector('simple', coalesce(text, '')) end`,
    ),
  },
  (table) => [
    index('stories_feed')
      .on(table.createdAt.desc().nullsFirst(), table.id.desc().nullsFirst())
      .where(sql`deleted_at is null and visibility <> 'private'`),
    index('stories_public')
      .on(table.createdAt.desc().nullsFirst(), table.id.desc().nullsFirst())
      .where(sql`deleted_at is null and visibility = 'public'`),
    index('stories_author')
      .on(table.authorId, table.createdAt.desc().nullsFirst(), table.id.desc().nullsFirst())
      .where(sql`deleted_at is null`),
    index('stories_expires').on(table.expiresAt).where(sql`deleted_at is null`),
    index('stories_search').using('gin', table.tsv, sql.raw(SEARCH_BUCKET)).where(sql`deleted_at is null`),
    index('stories_ended').on(table.deletedAt).where(sql`deleted_at is not null`),
    check('stories_visibility', sql`${table.visibility} in ('public', 'friends', 'private')`),
  ],
)

const storyId = (name: string) => uuid(name).references(() => stories.id, { onDelete: 'cascade' })

export const storyAudience = pgTable(
  'story_audience',
  {
    storyId: storyId('story_id').notNull(),
    userId: userId('user_id').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.storyId, table.userId] }),
    index('audience_user').on(
      table.userId,
      table.createdAt.desc().nullsFirst(),
      table.storyId.desc().nullsFirst(),
    ),
  ],
)

export const storyViews = pgTable(
  'story_views',
  {
    storyId: storyId('story_id').notNull(),
    viewerId: userId('viewer_id').notNull(),
    viewedAt: moment('viewed_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.storyId, table.viewerId] }),
    index('story_views_page').on(
      table.storyId,
      table.viewedAt.desc().nullsFirst(),
      table.viewerId.desc().nullsFirst(),
    ),
  ],
)

export const reactions = pgTable(
  'reactions',
  {
    id: uuid('id').primaryKey().default(sql`gen_random_uuid()`),
    storyId: storyId('story_id').notNull(),
    userId: userId('user_id').notNull(),
    emoji: text('emoji').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex('reactions_story_user').on(table.storyId, table.userId),
    check('reactions_emoji', sql`${table.emoji} in ('👍', '❤️', '😂', '😮', '😢', '🔥')`),
  ],
)

// `story_counters`, `author_days`, `author_viewers` and `events` have no foreign keys: a row of theirs is written together
// with a view, a reaction or a story, whose lock and keys hold its story and its people, and goes with them by triggers.

/** Views and reactions of a story in 16 shards; kept by triggers, summed on read. */
export const storyCounters = pgTable(
  'story_counters',
  {
    storyId: uuid('story_id').notNull(),
    shard: smallint('shard').notNull(),
    views: bigint('views', { mode: 'number' }).notNull().default(0),
    r1: integer('r1').notNull().default(0),
    r2: integer('r2').notNull().default(0),
    r3: integer('r3').notNull().default(0),
    r4: integer('r4').notNull().default(0),
    r5: integer('r5').notNull().default(0),
    r6: integer('r6').notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.storyId, table.shard] })],
)

/** What happened to an author's stories on a day (UTC), in 16 shards; kept by triggers, summed by /me/stats. */
export const authorDays = pgTable(
  'author_days',
  {
    authorId: uuid('author_id').notNull(),
    day: date('day', { mode: 'string' }).notNull(),
    shard: smallint('shard').notNull(),
    posted: bigint('posted', { mode: 'number' }).notNull().default(0),
    views: bigint('views', { mode: 'number' }).notNull().default(0),
    /** Viewers whose latest view of this author was on that day. */
    lastViewers: bigint('last_viewers', { mode: 'number' }).notNull().default(0),
    r1: integer('r1').notNull().default(0),
    r2: integer('r2').notNull().default(0),
    r3: integer('r3').notNull().default(0),
    r4: integer('r4').notNull().default(0),
    r5: integer('r5').notNull().default(0),
    r6: integer('r6').notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.authorId, table.day, table.shard] })],
)

/** The day on which a viewer last saw a story of an author for the first time. */
export const authorViewers = pgTable(
  'author_viewers',
  {
    authorId: uuid('author_id').notNull(),
    viewerId: uuid('viewer_id').notNull(),
    lastDay: date('last_day', { mode: 'string' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.authorId, table.viewerId] })],
)

/** Live events, kept a day; `(xact, seq)` is their order, final below the snapshot's xmin. */
export const events = pgTable(
  'events',
  {
    xact: xid8('xact').notNull().default(sql`pg_current_xact_id()`),
    seq: bigserial('seq', { mode: 'number' }).notNull(),
    authorId: uuid('author_id').notNull(),
    type: text('type').notNull(),
    data: jsonb('data').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.xact, table.seq] }),
    index('events_author').on(table.authorId, table.xact, table.seq),
    index('events_age').on(table.createdAt),
  ],
)

export const mediaUploads = pgTable(
  'media_uploads',
  {
    mediaKey: text('media_key').primaryKey(),
    userId: uuid('user_id').references(() => users.id, { onDelete: 'set null' }),
    contentType: text('content_type').notNull(),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
    /** `removing`: the worker may take the object away; nothing can claim it any more. */
    state: text('state', { enum: ['pending', 'claimed', 'removing'] })
      .notNull()
      .default('pending'),
    storyId: uuid('story_id'),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [
    index('media_uploads_pending').on(table.createdAt).where(sql`state = 'pending'`),
    index('media_uploads_removing').on(table.createdAt).where(sql`state = 'removing'`),
    index('media_uploads_story').on(table.storyId).where(sql`story_id is not null`),
    check('media_uploads_state', sql`${table.state} in ('pending', 'claimed', 'removing')`),
  ],
)

/** The first answer to a keyed request, byte for byte. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    userId: userId('user_id').notNull(),
    key: text('key').notNull(),
    fingerprint: text('fingerprint').notNull(),
    status: smallint('status').notNull(),
    location: text('location'),
    body: text('body').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.key] }),
    index('idempotency_keys_age').on(table.createdAt),
  ],
)
