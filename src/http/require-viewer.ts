import { Elysia } from 'elysia'
import type { AppContext } from '../context'
import { unauthenticated } from '../kernel/errors'
import { infoOf } from './request-info'

type Deps = Pick<AppContext, 'tokens' | 'findUser'>

/**
 * Guards every route added after it: a bearer token (RFC 6750) of a user who exists, else 401. A scoped derive, so
 * that 401 comes before the body's content is judged.
 *
 * @param options.tokenInQuery also takes `?access_token=`, for EventSource, which cannot set headers
 */
export function requireViewer(ctx: Deps, options: { tokenInQuery: boolean } = { tokenInQuery: false }) {
  return new Elysia({ name: 'require-viewer', seed: options }).derive(
    { as: 'scoped' },
    async ({ request }) => {
      const token = bearerToken(request) ?? (options.tokenInQuery ? queryToken(request) : null)
      const verified = token === null ? null : await ctx.tokens.verify(token)
      const user = verified === null ? null : await ctx.findUser(verified.userId)
      if (verified === null || user === null) throw unauthenticated()
      infoOf(request).viewer = { id: verified.userId, role: user.role, tokenExpiresAt: verified.expiresAt }
      return {}
    },
  )
}

function bearerToken(request: Request): string | null {
  const header = request.headers.get('authorization')
  return header !== null && /^bearer /i.test(header) ? header.slice(7).trim() : null
}

const queryToken = (request: Request): string | null => new URL(request.url).searchParams.get('access_token')
