import { Elysia } from 'elysia'
import type { AppContext } from '../../context'
import { describe } from '../../http/describe'
import { json, noContent } from '../../http/json'
import { limitViewer } from '../../http/rate-limit'
import { viewerOf, whereOf } from '../../http/request-info'
import { requireViewer } from '../../http/require-viewer'
import { openQuery, PageQuery, pageInput, pageOf, UserIdParams } from '../../http/schemas'
import { follow, unfollow } from './follow'
import { listPeople } from './list-people'
import { FollowBody, FollowedPerson } from './schema'

export const graphRoutes = (ctx: AppContext) => {
  const peopleRoute = (list: 'following' | 'followers', summary: string) => ({
    query: openQuery(PageQuery),
    detail: describe({
      tag: 'Graph',
      summary,
      answers: { 200: { description: `A page of ${list}, newest first`, body: pageOf(FollowedPerson) } },
      problems: [400, 422],
    }),
  })
  return new Elysia()
    .use(requireViewer(ctx))
    .post(
      '/follow/:user_id',
      async ({ params, request }) => {
        const outcome = await follow(
          ctx,
          viewerOf(request),
          params.user_id.toLowerCase(),
          whereOf(request).requestId,
        )
        return json(request, outcome.isNew ? 201 : 200, outcome.follow)
      },
      {
        params: UserIdParams,
        transform: limitViewer(ctx, 'follows'),
        detail: describe({
          tag: 'Graph',
          summary: 'Follow a person',
          answers: {
            200: { description: 'You followed already', body: FollowBody },
            201: { description: 'You follow now', body: FollowBody },
          },
          problems: [404, 422, 429],
        }),
      },
    )
    .delete(
      '/follow/:user_id',
      async ({ params, request }) => {
        await unfollow(ctx, viewerOf(request), params.user_id.toLowerCase(), whereOf(request).requestId)
        return noContent()
      },
      {
        params: UserIdParams,
        transform: limitViewer(ctx, 'follows'),
        detail: describe({
          tag: 'Graph',
          summary: 'Stop following a person',
          answers: { 204: { description: 'You do not follow, whether or not you did' } },
          problems: [422, 429],
        }),
      },
    )
    .get(
      '/me/following',
      async ({ query, request }) =>
        json(request, 200, await listPeople(ctx, viewerOf(request), 'following', pageInput(query))),
      peopleRoute('following', 'Whom I follow'),
    )
    .get(
      '/me/followers',
      async ({ query, request }) =>
        json(request, 200, await listPeople(ctx, viewerOf(request), 'followers', pageInput(query))),
      peopleRoute('followers', 'Who follows me'),
    )
}
