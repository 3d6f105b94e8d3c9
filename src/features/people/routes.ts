import { Elysia } from 'elysia'
import type { AppContext } from '../../context'
import { describe } from '../../http/describe'
import { json } from '../../http/json'
import { limitViewer } from '../../http/rate-limit'
import { viewerOf } from '../../http/request-info'
import { requireViewer } from '../../http/require-viewer'
import { IdParams, pageInput, pageOf } from '../../http/schemas'
import { findPeople, readPerson } from './find-people'
import { FindPeopleQuery, FoundPerson, PersonBody } from './schema'

export const peopleRoutes = (ctx: AppContext) =>
  new Elysia()
    .use(requireViewer(ctx))
    .get(
      '/users',
      async ({ query, request }) =>
        json(request, 200, await findPeople(ctx, viewerOf(request), query.q, pageInput(query))),
      {
        query: FindPeopleQuery,
        transform: limitViewer(ctx, 'search'),
        detail: describe({
          tag: 'People',
          summary: 'Find people by the start of their handle',
          answers: { 200: { description: 'A page of people, by handle', body: pageOf(FoundPerson) } },
          problems: [400, 422, 429],
        }),
      },
    )
    .get(
      '/users/:id',
      async ({ params, request }) =>
        json(request, 200, await readPerson(ctx, viewerOf(request), params.id.toLowerCase())),
      {
        params: IdParams,
        detail: describe({
          tag: 'People',
          summary: 'A person',
          answers: { 200: { description: 'The person', body: PersonBody } },
          problems: [404, 422],
        }),
      },
    )
