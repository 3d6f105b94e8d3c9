import { Elysia } from 'elysia'
import type { AppContext } from '../../context'
import { describe } from '../../http/describe'
import { json, noContent } from '../../http/json'
import { limitViewer } from '../../http/rate-limit'
import { viewerOf, whereOf } from '../../http/request-info'
import { requireViewer, viewersJsonBody } from '../../http/require-viewer'
import { IdParams, openQuery, PageQuery, pageInput, pageOf } from '../../http/schemas'
import { createStory } from './create-story'
import { deleteStory } from './delete-story'
import { listOwnStories, listStoriesOf } from './list-stories'
import { listViewers } from './list-viewers'
import { readStory } from './read-story'
import { CreateStoryBody, StoryBody, ViewBody, ViewerItem } from './schema'
import { viewStory } from './view-story'

export const storyRoutes = (ctx: AppContext) =>
  new Elysia()
    .use(requireViewer(ctx))
    .post(
      '/stories',
      async ({ body, request }) => {
        const key = request.headers.get('idempotency-key')
        const answer = await createStory(ctx, viewerOf(request), body, key, whereOf(request).requestId)
        return json(request, answer.status, answer.body, {
          ...(answer.location === null ? {} : { Location: answer.location }),
          ...(answer.replayed ? { 'Idempotent-Replayed': 'true' } : {}),
        })
      },
      {
        ...viewersJsonBody(ctx, CreateStoryBody, limitViewer(ctx, 'stories')),
        detail: describe({
          takesBody: true,
          tag: 'Stories',
          summary: 'Post a story',
          description:
            'Text or media is required. With an Idempotency-Key a repeated request answers the first answer.',
          requestHeaders: [
            {
              name: 'Idempotency-Key',
              description: 'Kept 24 h',
              schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]+$' },
            },
          ],
          answers: {
            201: {
              description: 'The story',
              body: StoryBody,
              headers: {
                Location: 'Path of the story',
                'Idempotent-Replayed': '`true` on a repeated answer',
              },
            },
          },
          problems: [409, 422, 429],
        }),
      },
    )
    .get(
      '/stories/:id',
      async ({ params, request }) =>
        json(request, 200, await readStory(ctx, viewerOf(request), params.id.toLowerCase())),
      {
        params: IdParams,
        detail: describe({
          tag: 'Stories',
          summary: 'Read a story',
          answers: { 200: { description: 'The story', body: StoryBody } },
          problems: [404, 422],
        }),
      },
    )
    .delete(
      '/stories/:id',
      async ({ params, request }) => {
        await deleteStory(ctx, viewerOf(request), params.id.toLowerCase(), whereOf(request).requestId)
        return noContent()
      },
      {
        params: IdParams,
        detail: describe({
          tag: 'Stories',
          summary: 'Delete a story',
          description: 'For its author, and for admins.',
          answers: { 204: { description: 'Gone from every answer' } },
          problems: [403, 404, 422],
        }),
      },
    )
    .post(
      '/stories/:id/view',
      async ({ params, request }) =>
        json(
          request,
          200,
          await viewStory(ctx, viewerOf(request), params.id.toLowerCase(), whereOf(request).requestId),
        ),
      {
        params: IdParams,
        detail: describe({
          tag: 'Stories',
          summary: 'Record a view',
          description: 'The first call records; later ones answer the same.',
          answers: { 200: { description: 'The first view', body: ViewBody } },
          problems: [404, 422],
        }),
      },
    )
    .get(
      '/stories/:id/viewers',
      async ({ params, query, request }) =>
        json(
          request,
          200,
          await listViewers(ctx, viewerOf(request), params.id.toLowerCase(), pageInput(query)),
        ),
      {
        params: IdParams,
        query: openQuery(PageQuery),
        detail: describe({
          tag: 'Stories',
          summary: 'Who saw my story',
          answers: { 200: { description: 'A page of viewers, latest first', body: pageOf(ViewerItem) } },
          problems: [400, 403, 404, 422],
        }),
      },
    )
    .get(
      '/me/stories',
      async ({ query, request }) =>
        json(request, 200, await listOwnStories(ctx, viewerOf(request), pageInput(query))),
      {
        query: openQuery(PageQuery),
        detail: describe({
          tag: 'Stories',
          summary: 'My active stories, private ones too',
          answers: { 200: { description: 'A page of stories, newest first', body: pageOf(StoryBody) } },
          problems: [400, 422],
        }),
      },
    )
    .get(
      '/users/:id/stories',
      async ({ params, query, request }) =>
        json(
          request,
          200,
          await listStoriesOf(ctx, viewerOf(request), params.id.toLowerCase(), pageInput(query)),
        ),
      {
        params: IdParams,
        query: openQuery(PageQuery),
        detail: describe({
          tag: 'Stories',
          summary: "A person's active stories, as far as I may see them",
          answers: { 200: { description: 'A page of stories, oldest first', body: pageOf(StoryBody) } },
          problems: [400, 404, 422],
        }),
      },
    )
