import { Elysia } from 'elysia'
import type { AppContext } from './context'
import { accountRoutes } from './features/accounts/routes'
import { eventRoutes } from './features/events/routes'
import { feedRoutes, readyFeed } from './features/feed/routes'
import { graphRoutes } from './features/graph/routes'
import { healthRoutes } from './features/health/routes'
import { mediaRoutes } from './features/media/routes'
import { peopleRoutes } from './features/people/routes'
import { reactionRoutes } from './features/reactions/routes'
import { searchRoutes } from './features/search/routes'
import { statsRoutes } from './features/stats/routes'
import { storyRoutes } from './features/stories/routes'
import { createGateway, type Gateway, type Pages } from './http/gateway'
import { createDocs, withDocument } from './http/openapi'

/** All features' routes; `normalize: false` so that an unknown field is refused, not dropped. */
export const buildRoutes = (ctx: AppContext) =>
  new Elysia({ normalize: false })
    .onError({ as: 'global' }, ({ error }) => {
      // The gateway answers every error; Elysia must not dress it first.
      throw error
    })
    .use(healthRoutes(ctx))
    .use(accountRoutes(ctx))
    .use(mediaRoutes(ctx))
    .use(storyRoutes(ctx))
    .use(reactionRoutes(ctx))
    .use(feedRoutes(ctx))
    .use(searchRoutes(ctx))
    .use(statsRoutes(ctx))
    .use(graphRoutes(ctx))
    .use(peopleRoutes(ctx))
    .use(eventRoutes(ctx))

/**
 * The API as one function from request to answer.
 *
 * @param pages files served beside it, such as the browser client
 */
export function buildApp(ctx: AppContext, pages: readonly Pages[] = []): Gateway {
  const docs = createDocs(() => withDocument(buildRoutes(ctx), ctx.version))
  return createGateway(ctx, buildRoutes(ctx), [docs, ...pages], { '/feed': readyFeed(ctx) })
}
