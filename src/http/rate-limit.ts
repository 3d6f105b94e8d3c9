import type { AppContext } from '../context'
import { AppError } from '../kernel/errors'
import type { BucketRule, BucketState } from '../platform/redis/token-bucket'
import { infoOf, viewerOf } from './request-info'

export type LimitName = keyof AppContext['config']['rateLimitsPerMin']

type Deps = Pick<AppContext, 'config' | 'buckets' | 'metrics'>

const PER_SECONDS = 60

/**
 * A hook for a route's `transform`: takes one from the viewer's bucket of that name, after the token and the body's
 * syntax were found good and before the body's content is judged.
 *
 * @throws AppError `rate_limited` with `Retry-After`
 */
export const limitViewer = (ctx: Deps, name: LimitName) => async (context: { request: Request }) => {
  const { request } = context
  const rule = ruleOf(ctx, name)
  tell(ctx, request, name, await ctx.buckets.takeAhead(`${name}:${viewerOf(request).id}`, rule))
}

/**
 * Takes one from the bucket of `who` and puts the `RateLimit-*` headers on the answer; of several buckets the one
 * with least left is told.
 *
 * @param limit how many a minute, if not the configured number for that name
 * @throws AppError `rate_limited` with `Retry-After`
 */
export async function takeOne(
  ctx: Deps,
  request: Request,
  name: LimitName,
  who: string,
  limit?: number,
): Promise<void> {
  tell(ctx, request, name, await ctx.buckets.take(`${name}:${who}`, ruleOf(ctx, name, limit)))
}

const ruleOf = (ctx: Deps, name: LimitName, limit = ctx.config.rateLimitsPerMin[name]): BucketRule => ({
  limit,
  perSeconds: PER_SECONDS,
})

function tell(ctx: Deps, request: Request, name: LimitName, state: BucketState): void {
  const { answerHeaders } = infoOf(request)
  const told = Number(answerHeaders['RateLimit-Remaining'] ?? Number.POSITIVE_INFINITY)
  if (!state.allowed || state.remaining < told) Object.assign(answerHeaders, limitHeaders(state))
  if (state.allowed) return
  ctx.metrics.rateLimitRefusals.inc({ limit: name })
  throw new AppError('rate_limited', `Too many requests. Try again in ${state.retryAfterSeconds} s.`, {
    headers: { 'Retry-After': String(state.retryAfterSeconds) },
  })
}

const limitHeaders = (state: BucketState): Record<string, string> => ({
  'RateLimit-Limit': String(state.limit),
  'RateLimit-Remaining': String(state.remaining),
  'RateLimit-Reset': String(state.resetSeconds),
})
