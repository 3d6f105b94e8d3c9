import { Elysia } from 'elysia'
import type { AppContext } from '../context'
import { unauthenticated } from '../kernel/errors'
import type { Role } from '../kernel/viewer'
import { infoOf } from './request-info'
import { readableUrl } from './request-url'
import { type BodyHook, jsonBody } from './schemas'

type Deps = Pick<AppContext, 'tokens' | 'findUser'>

/**
 * Guards every route added after it: a bearer token (RFC 6750) of a user who exists, else 401. A scoped transform,
 * so that 401 comes before the body's content is judged.
 *
 * @param options.tokenInQuery also takes `?access_token=`, for EventSource, which cannot set headers
 */
export function requireViewer(ctx: Deps, options: { tokenInQuery: boolean } = { tokenInQuery: false }) {
  return new Elysia({ name: 'require-viewer', seed: options }).onTransform({ as: 'scoped' }, ({ request }) =>
    authenticate(ctx, request, options.tokenInQuery),
  )
}

/** A route's limited JSON body, which is not read at all without a good token: a scoped transform would come after it. */
export const viewersJsonBody = <T extends Parameters<typeof jsonBody>[0]>(
  ctx: Deps,
  body: T,
  limit: BodyHook,
) => {
  const { parse, ...rest } = jsonBody(body, limit)
  return {
    ...rest,
    body,
    async parse(context: { request: Request }) {
      await authenticate(ctx, context.request, false)
      return parse(context)
    },
  }
}

/**
 * Finds whose token the request carries; asked again, it knows.
 *
 * @returns undefined when it is done already, as for everybody who was here in the last seconds
 * @throws AppError `unauthenticated`, also later
 */
export function authenticate(ctx: Deps, request: Request, tokenInQuery: boolean): Promise<void> | undefined {
  const info = infoOf(request)
  if (info.viewer !== null) return undefined
  const token = bearerToken(request) ?? (tokenInQuery ? queryToken(request) : null)
  const verified = token === null ? null : ctx.tokens.verify(token)
  if (verified === null) throw unauthenticated()
  const admit = (user: { role: Role } | null) => {
    if (user === null) throw unauthenticated()
    info.viewer = { id: verified.userId, role: user.role, tokenExpiresAt: verified.expiresAt }
  }
  const user = ctx.findUser(verified.userId)
  if (user instanceof Promise) return user.then(admit)
  admit(user)
  return undefined
}

function bearerToken(request: Request): string | null {
  const header = request.headers.get('authorization')
  return header !== null && /^bearer /i.test(header) ? header.slice(7).trim() : null
}

const queryToken = (request: Request): string | null =>
  new URL(readableUrl(request.url)).searchParams.get('access_token')
