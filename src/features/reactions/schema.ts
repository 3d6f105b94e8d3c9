import { t } from 'elysia'
import { closed, Moment, Uuid } from '../../http/schemas'
import { EMOJI } from '../../kernel/emoji'

export const ReactBody = closed({
  emoji: t.String({ maxLength: 32, errorText: `must be one of ${EMOJI.join(' ')}`, examples: ['🔥'] }),
})
export const ReactionBody = t.Object(
  {
    id: Uuid,
    story_id: Uuid,
    user_id: Uuid,
    emoji: t.String(),
    created_at: Moment,
  },
  { title: 'Reaction' },
)

export type Reaction = typeof ReactionBody.static
