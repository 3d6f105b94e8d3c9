import { Type } from '@sinclair/typebox'
import { Elysia, t } from 'elysia'
import type { AppContext } from '../../context'
import { describe } from '../../http/describe'
import { json } from '../../http/json'
import { unauthenticated, unavailable } from '../../kernel/errors'
import { isReady } from './ready'

const CheckBody = t.Object({
  status: t.Union([t.Literal('ok'), t.Literal('error')]),
  latency_ms: Type.Number(),
})
const HealthBody = t.Object({
  status: t.Union([t.Literal('ok'), t.Literal('error')]),
  checks: t.Object({
    database: CheckBody,
    replica: t.Optional(CheckBody),
    redis: CheckBody,
    storage: CheckBody,
  }),
  version: t.String(),
})
const StatusBody = t.Object({ status: t.Literal('ok') })
const OK = { status: 'ok' }

/** Compares in the same time wherever the texts differ. */
const isSame = (a: string, b: string): boolean => {
  const digest = (text: string) => new Bun.CryptoHasher('sha256').update(text).digest()
  return crypto.timingSafeEqual(digest(a), digest(b))
}

export const healthRoutes = (ctx: AppContext) => {
  return new Elysia()
    .get('/livez', ({ request }) => json(request, 200, OK), {
      detail: describe({
        tag: 'Operations',
        summary: 'Is the process running',
        answers: { 200: { description: 'It is', body: StatusBody } },
        problems: [],
        open: true,
      }),
    })
    .get(
      '/readyz',
      async ({ request }) => {
        if (!(await isReady(ctx))) throw unavailable()
        return json(request, 200, OK)
      },
      {
        detail: describe({
          tag: 'Operations',
          summary: 'Can requests be served',
          description: 'The database can be reached and all migrations are applied.',
          answers: { 200: { description: 'They can', body: StatusBody } },
          problems: [],
          open: true,
        }),
      },
    )
    .get(
      '/healthz',
      async ({ request }) => {
        const health = await ctx.checkHealth()
        return json(
          request,
          health.status === 'ok' ? 200 : 503,
          health,
          health.status === 'ok' ? {} : { 'Retry-After': '2' },
        )
      },
      {
        detail: describe({
          tag: 'Operations',
          summary: 'How the dependencies are',
          answers: {
            200: { description: 'All are well', body: HealthBody },
            503: { description: 'At least one is not', body: HealthBody },
          },
          problems: [],
          open: true,
        }),
      },
    )
    .get(
      '/metrics',
      async ({ request }) => {
        const { metricsToken } = ctx.config
        const given = request.headers.get('authorization') ?? ''
        if (metricsToken !== null && !isSame(given.replace(/^bearer /i, ''), metricsToken))
          throw unauthenticated()
        // A scrape looks at the dependencies too, so that `dependency_up` is never older than the scrape.
        await ctx.checkHealth()
        return new Response(await ctx.metrics.text(), {
          headers: { 'Content-Type': ctx.metrics.registry.contentType, 'Cache-Control': 'no-store' },
        })
      },
      {
        detail: describe({
          tag: 'Operations',
          summary: 'Prometheus metrics',
          description: 'With `METRICS_TOKEN` set, that token is required as a bearer token.',
          answers: { 200: { description: 'Prometheus text format', contentType: 'text/plain' } },
          problems: [401],
          open: true,
        }),
      },
    )
}
