import { t } from 'elysia'
import { openQuery, PageQuery } from '../../http/schemas'
import { StoryBody } from '../stories/schema'

export const SearchQuery = openQuery({
  q: t.String({
    maxLength: 1000,
    errorText: 'must have 1 to 200 characters',
    description: '1 to 200 characters after trimming; web-search syntax: "exact words", or, -without',
    examples: ['sunset'],
  }),
  ...PageQuery,
})

export const SearchHit = t.Intersect([
  StoryBody,
  t.Object({ highlight: t.String({ description: 'HTML-escaped text with the matches in <mark>' }) }),
])

export type SearchHit = typeof SearchHit.static
