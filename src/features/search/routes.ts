import { Elysia } from 'elysia'
import type { AppContext } from '../../context'
import { describe } from '../../http/describe'
import { json } from '../../http/json'
import { limitViewer } from '../../http/rate-limit'
import { viewerOf } from '../../http/request-info'
import { requireViewer } from '../../http/require-viewer'
import { pageInput, pageOf } from '../../http/schemas'
import { SearchHit, SearchQuery } from './schema'
import { searchStories } from './search-stories'

export const searchRoutes = (ctx: AppContext) =>
  new Elysia().use(requireViewer(ctx)).get(
    '/search',
    async ({ query, request }) => {
      return json(request, 200, await searchStories(ctx, viewerOf(request), query.q, pageInput(query)))
    },
    {
      query: SearchQuery,
      transform: limitViewer(ctx, 'search'),
      detail: describe({
        tag: 'Feed',
        summary: 'Search stories that I may see',
        description: 'Best match first; of a very common word the newest 1,000 matches are ranked.',
        answers: { 200: { description: 'A page of stories with highlights', body: pageOf(SearchHit) } },
        problems: [400, 422, 429],
      }),
    },
  )
