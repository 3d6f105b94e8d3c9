import { describe, expect, test } from 'bun:test'
import type { Session } from '../../src/features/accounts/schema'
import type { Api } from '../support/api'
import { useStage } from '../support/context'
import { cast } from '../support/crowd'
import { PASSWORD, personOf, signUp } from '../support/people'
import { createSteeredClock, DAY, MINUTE, SECOND } from '../support/steered-clock'

/** Signing up, in and out, against the real tables and their races. */

const stage = useStage()
const refresh = (api: Api, refresh_token: string) =>
  api.call('POST', '/auth/refresh', { body: { refresh_token } })
const signUpAs = (api: Api, body: object) =>
  api.call('POST', '/auth/signup', { body: { password: PASSWORD, ...body } })

describe('sign-up', () => {
  test('of one email twice at once makes one account and answers the other 409', async () => {
    const first = stage.instance()
    const second = stage.instance()
    const answers = await Promise.all(
      [' Twice@Example.com ', 'twice@example.com'].map((email, i) =>
        signUpAs(i ? first.api : second.api, { email, handle: `twice_${i}` }),
      ),
    )
    expect(answers.map(({ status, code }) => code ?? status).sort()).toEqual([201, 'email_taken'])
    expect((await signUpAs(first.api, { email: 'TWICE@example.com' })).code).toBe('email_taken')
  })

  test('makes handles unique when none is given, and refuses one that is taken', async () => {
    const { api } = stage.instance()
    const emails = ['same@a.example', 'same@b.example', 'same@c.example', 'Same!@d.example']
    const answers = await Promise.all(emails.map((email) => signUpAs(api, { email })))
    const handles = answers.map((answer) => answer.as<Session>(201).user.handle)
    expect(new Set(handles).size).toBe(4)
    expect(handles).toContain('same')
    for (const handle of handles) expect(handle).toMatch(/^same(_\d+)?$/)
    const taken = await signUpAs(api, { email: 'x@e.example', handle: 'same' })
    expect([taken.status, taken.code]).toEqual([409, 'handle_taken'])
    // Nothing of the refused account is there.
    expect((await signUpAs(api, { email: 'x@e.example', handle: 'not_same' })).status).toBe(201)
  })

  test('keeps no password, only its argon2id hash', async () => {
    const ava = await signUp(stage.instance().api, 'ava')
    const [row] = await stage.database().sql`select password_hash from users where id = ${ava.id}`
    expect(row?.password_hash).toStartWith('$argon2id$')
    const rows = await stage.database().sql`select token_hash from refresh_tokens where user_id = ${ava.id}`
    expect(rows).toHaveLength(1)
    expect(rows[0]?.token_hash).not.toBe(ava.refreshToken)
  })
})

describe('login', () => {
  test('takes the right password in any case of the email, and nothing else', async () => {
    const { api } = stage.instance()
    const ava = await signUp(api, 'ava')
    const logIn = (email: string, password: string) =>
      api.call('POST', '/auth/login', { body: { email, password } })
    const session = (await logIn(` ${ava.email.toUpperCase()} `, PASSWORD)).as<Session>()
    expect(session.user).toMatchObject({ id: ava.id, email: ava.email, handle: ava.handle, role: 'user' })
    expect((await personOf(api, session).get('/me')).status).toBe(200)
    const wrong = [await logIn(ava.email, `${PASSWORD}x`), await logIn('nobody@example.com', PASSWORD)]
    const [first, second] = wrong.map(({ status, text }) => ({ status, ...JSON.parse(text), request_id: '' }))
    expect(first).toMatchObject({ status: 401, code: 'invalid_credentials' })
    expect(second).toEqual(first)
  })
})

describe('a refresh token', () => {
  test('is spent by its use, and its successor goes on', async () => {
    const { api } = stage.instance()
    let { refreshToken } = await signUp(api, 'ava')
    for (let i = 0; i < 3; i++) {
      const session = (await refresh(api, refreshToken)).as<Session>()
      expect((await personOf(api, session).get('/me')).status).toBe(200)
      expect(session.refresh_token).not.toBe(refreshToken)
      refreshToken = session.refresh_token
    }
  })

  test('that is used twice ends its whole family, but no other login', async () => {
    const { api } = stage.instance()
    const ava = await signUp(api, 'ava')
    const login = { email: ava.email, password: PASSWORD }
    const other = (await api.call('POST', '/auth/login', { body: login })).as<Session>()
    const second = (await refresh(api, ava.refreshToken)).as<Session>()
    const reused = await refresh(api, ava.refreshToken)
    expect([reused.status, reused.code]).toEqual([401, 'invalid_refresh_token'])
    expect(reused.headers.get('www-authenticate')).toBe('Bearer')
    expect((await refresh(api, second.refresh_token)).status).toBe(401)
    expect((await refresh(api, other.refresh_token)).status).toBe(200)
  })

  test('that is used several times at once works once, and then its family has ended', async () => {
    const instances = [stage.instance(), stage.instance()] as const
    const { refreshToken } = await signUp(instances[0].api, 'ava')
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => refresh(instances[i % 2 ? 1 : 0].api, refreshToken)),
    )
    const good = answers.filter(({ status }) => status === 200)
    expect(good).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(7)
    const next = good[0]?.as<Session>().refresh_token ?? ''
    expect((await refresh(instances[0].api, next)).status).toBe(401)
  })

  test('ends its family at once, however many were spent before it', async () => {
    const { api, database } = stage.instance()
    const ava = await signUp(api, 'ava')
    const first = (await refresh(api, ava.refreshToken)).as<Session>()
    const second = (await refresh(api, first.refresh_token)).as<Session>()
    expect(
      (await api.call('POST', '/auth/logout', { body: { refresh_token: ava.refreshToken } })).status,
    ).toBe(204)
    expect((await refresh(api, second.refresh_token)).status).toBe(401)
    // The spent ones are left as they are: ending takes one row, not all that the family ever had.
    const [row] = await database.sql`
      select count(*)::int as rows, count(revoked_at)::int as revoked from refresh_tokens where user_id = ${ava.id}`
    expect(row).toEqual({ rows: 3, revoked: 1 })
  })

  test('ends with its time, and with the log-out', async () => {
    const clock = createSteeredClock()
    const { api } = stage.instance({ clock, env: { REFRESH_TOKEN_TTL_SECONDS: '600' } })
    const ava = await signUp(api, 'ava')
    clock.advanceMs(10 * MINUTE)
    expect((await refresh(api, ava.refreshToken)).status).toBe(401)
    const ben = await signUp(api, 'ben')
    for (const refresh_token of [ben.refreshToken, ben.refreshToken, 'no such token']) {
      expect((await api.call('POST', '/auth/logout', { body: { refresh_token } })).status).toBe(204)
    }
    expect((await refresh(api, ben.refreshToken)).status).toBe(401)
    expect((await ben.get('/me')).status).toBe(200)
  })
})

describe('an access token', () => {
  const statusOf = async (api: Api, token: string) => {
    const answer = await api.call('GET', '/me', { token })
    expect(answer.headers.get('www-authenticate')).toBe(answer.status === 401 ? 'Bearer' : null)
    return answer.status
  }
  const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

  test('of a user who was removed is refused within five seconds', async () => {
    const clock = createSteeredClock()
    const { api, ctx, database } = stage.instance({ clock })
    const [ava] = await cast({ api, ctx, database }, 'ava')
    expect((await ava.get('/feed')).status).toBe(200)
    await database.sql`delete from users where id = ${ava.id}`
    clock.advanceMs(5 * SECOND)
    // Not /me alone, which looks the person up anyway.
    for (const path of ['/feed', '/me', '/me/stories', '/users?q=a']) {
      expect([path, (await ava.get(path)).status]).toEqual([path, 401])
    }
    expect((await ava.post('/stories', { text: 'x', visibility: 'public' })).status).toBe(401)
  })

  test('ends with its time', async () => {
    const clock = createSteeredClock()
    const { api, ctx, database } = stage.instance({ clock, env: { ACCESS_TOKEN_TTL_SECONDS: '900' } })
    const [ava] = await cast({ api, ctx, database }, 'ava')
    clock.advanceMs(899 * SECOND - 1000)
    expect(await statusOf(api, ava.token)).toBe(200)
    clock.advanceMs(2 * SECOND)
    expect(await statusOf(api, ava.token)).toBe(401)
  })

  test('of the previous secret works while keys rotate, of any other it does not', async () => {
    const secrets = ['one', 'two', 'three'].map((name) => name.repeat(20))
    const at = (secret: string, previous = '') =>
      stage.instance({ env: { JWT_SECRET: secret, JWT_SECRET_PREVIOUS: previous } })
    const [one = '', two = '', three = ''] = secrets
    const old = at(one)
    const [ava] = await cast(old, 'ava')
    const rotated = at(two, one)
    expect(await statusOf(rotated.api, ava.token)).toBe(200)
    const fresh = rotated.ctx.tokens.sign(ava.id)
    expect(await statusOf(rotated.api, fresh)).toBe(200)
    expect(await statusOf(old.api, fresh)).toBe(401)
    expect(await statusOf(at(two).api, ava.token)).toBe(401)
    expect(await statusOf(at(three, two).api, ava.token)).toBe(401)
  })

  test('of no, another or a wrong algorithm, issuer, audience or shape is refused', async () => {
    const { api, ctx, database } = stage.instance()
    const [ava] = await cast({ api, ctx, database }, 'ava')
    const [header = '', payload = '', signature = ''] = ava.token.split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const sign = (head: object, body: object, hash: 'sha256' | 'sha512' = 'sha256') => {
      const text = `${base64(head)}.${base64(body)}`
      const hasher = new Bun.CryptoHasher(hash, ctx.config.jwtSecret)
      return `${text}.${Buffer.from(hasher.update(text).digest()).toString('base64url')}`
    }
    const HS256 = { alg: 'HS256', typ: 'JWT' }
    expect(await statusOf(api, sign(HS256, claims))).toBe(200)
    const { exp: _, ...endless } = claims
    const { sub: __, ...nobody } = claims
    const bad = {
      none: `${base64({ alg: 'none' })}.${payload}.`,
      'none with a signature': `${base64({ alg: 'none' })}.${payload}.${signature}`,
      HS512: sign({ alg: 'HS512' }, claims, 'sha512'),
      'HS256 that says HS512': sign({ alg: 'HS512' }, claims),
      RS256: sign({ alg: 'RS256' }, claims),
      issuer: sign(HS256, { ...claims, iss: 'somebody' }),
      audience: sign(HS256, { ...claims, aud: 'somebody' }),
      'no end': sign(HS256, endless),
      'no subject': sign(HS256, nobody),
      'a subject that is no id': sign(HS256, { ...claims, sub: 'ava' }),
      'a stranger': sign(HS256, { ...claims, sub: crypto.randomUUID() }),
      'another payload': `${header}.${base64({ ...claims, sub: crypto.randomUUID() })}.${signature}`,
      'half a token': ava.token.slice(0, ava.token.length / 2),
      nothing: '',
      'very long': `${ava.token}${'x'.repeat(3000)}`,
    }
    for (const [what, token] of Object.entries(bad))
      expect([what, await statusOf(api, token)]).toEqual([what, 401])
  })

  test('in the query is taken for the event stream only', async () => {
    const { api, ctx, database } = stage.instance()
    const [ava] = await cast({ api, ctx, database }, 'ava')
    expect((await api.call('GET', `/me?access_token=${ava.token}`)).status).toBe(401)
  })
})

describe('an admin', () => {
  test('may delete anybody’s story, even one not for their eyes, and nothing else', async () => {
    const clock = createSteeredClock()
    const { api, ctx, database } = stage.instance({ clock })
    const [ava, ben, root] = await cast({ api, ctx, database }, 'ava', 'ben', 'root')
    const shown = await ava.tell({})
    const hidden = await ava.tell({ visibility: 'private' })
    expect((await ben.delete(`/stories/${shown.id}`)).status).toBe(403)
    expect((await ben.delete(`/stories/${hidden.id}`)).status).toBe(404)
    expect(await ctx.stores.accounts.grantAdmin(root.email)).toBe(true)
    clock.advanceMs(DAY / 100)
    expect((await root.get(`/stories/${hidden.id}`)).status).toBe(404)
    expect((await root.get(`/stories/${shown.id}/viewers`)).status).toBe(403)
    for (const { id } of [shown, hidden]) expect((await root.delete(`/stories/${id}`)).status).toBe(204)
    expect((await ava.get(`/stories/${hidden.id}`)).status).toBe(404)
  })
})
