import { Elysia } from 'elysia'
import type { AppContext } from '../../context'
import { describe } from '../../http/describe'
import type { Shortcut } from '../../http/gateway'
import { json } from '../../http/json'
import { viewerOf } from '../../http/request-info'
import { authenticate, requireViewer } from '../../http/require-viewer'
import { openQuery, PageQuery, pageInput, pageOf } from '../../http/schemas'
import { StoryBody } from '../stories/schema'
import { listFeed } from './list-feed'
import { listTray } from './list-tray'
import { TrayItem } from './schema'

/** The first page without a query, for whom this process knows, when nothing needs to be asked for it. */
export const readyFeed =
  (ctx: AppContext): Shortcut =>
  (request) => {
    if (request.url.includes('?')) return null
    const pending = authenticate(ctx, request, false)
    if (pending !== undefined) {
      // The route asks again, and answers what became of it.
      pending.catch(() => undefined)
      return null
    }
    const body = ctx.pageCache.ready(viewerOf(request).id, pageInput({}).limit)
    return body && json(request, 200, body)
  }

export const feedRoutes = (ctx: AppContext) =>
  new Elysia()
    .use(requireViewer(ctx))
    .get(
      '/feed',
      async ({ query, request }) =>
        json(request, 200, await listFeed(ctx, viewerOf(request), pageInput(query))),
      {
        query: openQuery(PageQuery),
        detail: describe({
          tag: 'Feed',
          summary: 'Active stories that I may see, newest first',
          description:
            'My own public and friends stories included; private ones never. The first page may lag in showing what others posted (by FEED_CACHE_SECONDS at most, 45 s unless set), never in hiding what is gone.',
          answers: { 200: { description: 'A page of stories', body: pageOf(StoryBody) } },
          problems: [400, 422],
        }),
      },
    )
    .get(
      '/feed/authors',
      async ({ query, request }) =>
        json(request, 200, await listTray(ctx, viewerOf(request), pageInput(query))),
      {
        query: openQuery(PageQuery),
        detail: describe({
          tag: 'Feed',
          summary: 'The tray: who has stories for me',
          description:
            'Those with unseen stories first, then newest. Counted are the newest 2,000 active stories, up to 50 of each ' +
            'person followed, and up to 500 stories shared with me by name.',
          answers: { 200: { description: 'A page of authors', body: pageOf(TrayItem) } },
          problems: [400, 422],
        }),
      },
    )
