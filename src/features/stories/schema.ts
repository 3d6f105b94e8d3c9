import { t } from 'elysia'
import { Count, closed, EmojiCounts, Moment, Person, Uuid } from '../../http/schemas'
import { AUDIENCE_MAX } from './rules'

const Visibility = t.Union([t.Literal('public'), t.Literal('friends'), t.Literal('private')])

export const CreateStoryBody = closed(
  {
    text: t.Optional(t.Nullable(t.String({ description: '1 to 500 characters after trimming' }))),
    media_key: t.Optional(
      t.Nullable(t.String({ maxLength: 200, errorText: 'must be a media_key of POST /media/uploads' })),
    ),
    visibility: Visibility,
    audience_user_ids: t.Optional(
      t.Nullable(
        t.Array(Uuid, {
          minItems: 1,
          maxItems: AUDIENCE_MAX,
          description: 'With visibility `friends` only: exactly these people see it',
        }),
      ),
    ),
  },
  { text: 'Hello', visibility: 'public' },
)

export const StoryBody = t.Object(
  {
    id: Uuid,
    author_id: Uuid,
    author: Person,
    text: t.Nullable(t.String()),
    media_key: t.Nullable(t.String()),
    media_url: t.Nullable(t.String({ description: 'Good for 10 to 15 minutes from the answer' })),
    media_type: t.Nullable(t.String()),
    visibility: Visibility,
    created_at: Moment,
    expires_at: Moment,
    counters: t.Object({ views: Count, reactions: EmojiCounts }),
    viewer: t.Object({ has_viewed: t.Boolean(), reaction: t.Nullable(t.String()) }),
  },
  { title: 'Story' },
)

export const ViewBody = t.Object({ story_id: Uuid, viewer_id: Uuid, viewed_at: Moment }, { title: 'View' })

export const ViewerItem = t.Object(
  {
    user: Person,
    viewed_at: Moment,
    reaction: t.Nullable(t.String()),
  },
  { title: 'StoryViewer' },
)

export type Story = typeof StoryBody.static
export type View = typeof ViewBody.static
export type ViewerItem = typeof ViewerItem.static
