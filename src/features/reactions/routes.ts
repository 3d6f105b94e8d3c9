import { Elysia } from 'elysia'
import type { AppContext } from '../../context'
import { describe } from '../../http/describe'
import { json, noContent } from '../../http/json'
import { limitViewer } from '../../http/rate-limit'
import { viewerOf, whereOf } from '../../http/request-info'
import { requireViewer, viewersJsonBody } from '../../http/require-viewer'
import { IdParams } from '../../http/schemas'
import { react, takeBackReaction } from './react'
import { ReactBody, ReactionBody } from './schema'

export const reactionRoutes = (ctx: AppContext) =>
  new Elysia()
    .use(requireViewer(ctx))
    .post(
      '/stories/:id/reactions',
      async ({ params, body, request }) => {
        const id = params.id.toLowerCase()
        const outcome = await react(ctx, viewerOf(request), id, body.emoji, whereOf(request).requestId)
        return json(request, outcome.isNew ? 201 : 200, outcome.reaction)
      },
      {
        params: IdParams,
        ...viewersJsonBody(ctx, ReactBody, limitViewer(ctx, 'reactions')),
        detail: describe({
          takesBody: true,
          tag: 'Reactions',
          summary: 'React to a story',
          description: 'One reaction a person: another emoji replaces it, the same again changes nothing.',
          answers: {
            200: { description: 'You had reacted before', body: ReactionBody },
            201: { description: 'Your first reaction to this story', body: ReactionBody },
          },
          problems: [404, 422, 429],
        }),
      },
    )
    .delete(
      '/stories/:id/reactions',
      async ({ params, request }) => {
        await takeBackReaction(ctx, viewerOf(request), params.id.toLowerCase(), whereOf(request).requestId)
        return noContent()
      },
      {
        params: IdParams,
        detail: describe({
          tag: 'Reactions',
          summary: 'Take my reaction back',
          answers: { 204: { description: 'You have no reaction, whether or not you had one' } },
          problems: [404, 422],
        }),
      },
    )
