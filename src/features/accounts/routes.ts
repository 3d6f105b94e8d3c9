import { Elysia } from 'elysia'
import type { AppContext } from '../../context'
import { describe } from '../../http/describe'
import { json, noContent } from '../../http/json'
import { takeOne } from '../../http/rate-limit'
import { clientAddressOf, infoOf, viewerOf } from '../../http/request-info'
import { requireViewer } from '../../http/require-viewer'
import { jsonBody } from '../../http/schemas'
import { unauthenticated } from '../../kernel/errors'
import { logIn } from './log-in'
import { presentUser } from './present'
import { logOut, refreshSession } from './refresh-session'
import { normalizeEmail } from './rules'
import { LogInBody, RefreshBody, SessionBody, SignUpBody, UserBody } from './schema'
import { signUp } from './sign-up'

/** A stranger must not be able to lock a person out, so all addresses together may try more often than one. */
const LOGINS_PER_EMAIL_FACTOR = 10
/** An office behind one address, and yet few enough that nobody keeps others waiting for passwords of made-up emails to be checked. */
const LOGINS_PER_ADDRESS_FACTOR = 30
/** Far more often than access tokens end, and yet an end to how many spent tokens a family can leave behind. */
const REFRESHES_FACTOR = 10

const requestIdOf = (request: Request): string => infoOf(request).id

/** The email that a body of unknown shape tries to log in with, as a bucket's name. */
const emailOf = (body: unknown): string => {
  const email = typeof body === 'object' && body !== null && 'email' in body ? body.email : ''
  // The very form that is looked up: one that differs would give an account as many buckets as it has spellings.
  const name = typeof email === 'string' ? normalizeEmail(email) : ''
  return new Bun.CryptoHasher('sha256').update(name).digest('base64url')
}

export const accountRoutes = (ctx: AppContext) =>
  new Elysia()
    .post(
      '/auth/signup',
      async ({ body, request }) => json(request, 201, await signUp(ctx, body, requestIdOf(request))),
      {
        ...jsonBody(SignUpBody, ({ request }) =>
          takeOne(ctx, request, 'signups', clientAddressOf(ctx, request)),
        ),
        detail: describe({
          takesBody: true,
          tag: 'Accounts',
          summary: 'Sign up',
          answers: { 201: { description: 'The account and its first session', body: SessionBody } },
          problems: [409, 422, 429],
          open: true,
        }),
      },
    )
    .post(
      '/auth/login',
      async ({ body, request }) => json(request, 200, await logIn(ctx, body, requestIdOf(request))),
      {
        ...jsonBody(LogInBody, async ({ request, body }) => {
          const [email, address] = [emailOf(body), clientAddressOf(ctx, request)]
          const { logins } = ctx.config.rateLimitsPerMin
          // The tight buckets first: what they refuse cannot drain the one that all addresses share.
          await takeOne(ctx, request, 'logins', `${email}:${address}`)
          await takeOne(ctx, request, 'logins', `from:${address}`, logins * LOGINS_PER_ADDRESS_FACTOR)
          await takeOne(ctx, request, 'logins', email, logins * LOGINS_PER_EMAIL_FACTOR)
        }),
        detail: describe({
          takesBody: true,
          tag: 'Accounts',
          summary: 'Log in',
          answers: { 200: { description: 'A session', body: SessionBody } },
          problems: [401, 422, 429],
          open: true,
        }),
      },
    )
    .post(
      '/auth/refresh',
      async ({ body, request }) => {
        const perMin = ctx.config.rateLimitsPerMin.logins * REFRESHES_FACTOR
        const limit = (familyId: string) => takeOne(ctx, request, 'logins', `family:${familyId}`, perMin)
        return json(request, 200, await refreshSession(ctx, body.refresh_token, requestIdOf(request), limit))
      },
      {
        ...jsonBody(RefreshBody),
        detail: describe({
          takesBody: true,
          tag: 'Accounts',
          summary: 'Spend a refresh token for a new session',
          description: 'The old refresh token is spent. One that is used twice ends its whole family.',
          answers: { 200: { description: 'A session', body: SessionBody } },
          problems: [401, 422, 429],
          open: true,
        }),
      },
    )
    .post(
      '/auth/logout',
      async ({ body, request }) => {
        await logOut(ctx, body.refresh_token, requestIdOf(request))
        return noContent()
      },
      {
        ...jsonBody(RefreshBody),
        detail: describe({
          takesBody: true,
          tag: 'Accounts',
          summary: 'Log out',
          description: 'Ends the refresh token and its family; access tokens live out their minutes.',
          answers: { 204: { description: 'Done, whether the token was good or not' } },
          problems: [422],
          open: true,
        }),
      },
    )
    .use(requireViewer(ctx))
    .get(
      '/me',
      async ({ request }) => {
        const user = await ctx.stores.accounts.findUserById(viewerOf(request).id)
        if (user === null) throw unauthenticated()
        return json(request, 200, presentUser(user))
      },
      {
        detail: describe({
          tag: 'Accounts',
          summary: 'Who I am',
          answers: { 200: { description: 'The caller, with the email', body: UserBody } },
          problems: [],
        }),
      },
    )
