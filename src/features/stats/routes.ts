import { Elysia } from 'elysia'
import type { AppContext } from '../../context'
import { describe } from '../../http/describe'
import { json } from '../../http/json'
import { viewerOf } from '../../http/request-info'
import { requireViewer } from '../../http/require-viewer'
import { getStats } from './get-stats'
import { StatsBody } from './schema'

export const statsRoutes = (ctx: AppContext) =>
  new Elysia()
    .use(requireViewer(ctx))
    .get('/me/stats', async ({ request }) => json(request, 200, await getStats(ctx, viewerOf(request))), {
      detail: describe({
        tag: 'Stats',
        summary: 'My last seven days',
        description:
          'Today and the six days before, in UTC. Ended stories count, reactions taken back do not.',
        answers: { 200: { description: 'Totals and days', body: StatsBody } },
        problems: [],
      }),
    })
