import { describe, expect, test } from 'bun:test'
import { createApi } from '../../web/api.ts'
import type { Session } from '../../web/api-types.ts'
import type { Send } from '../../web/http.ts'
import { ApiProblem } from '../../web/problem.ts'
import { createSession } from '../../web/session.ts'
import { createMemoryVault } from '../../web/vault.ts'

/** The answer to a log-in or an exchange; its tokens are named after it. */
const answerOf = (name: string, userId: string, expiresInSeconds = 600): Session => ({
  user: { id: userId, email: `${userId}@example.com`, handle: userId, role: 'user', created_at: '' },
  access_token: `${name} access`,
  refresh_token: `${name} refresh`,
  token_type: 'Bearer',
  expires_in: expiresInSeconds,
})

/** A session whose token is old, and a service that answers its exchange when the test says so. */
async function setScene() {
  const asked = Promise.withResolvers<void>()
  const exchange = Promise.withResolvers<Session>()
  const ended: unknown[] = []
  const send = ((_method, path, options) => {
    if (path === '/auth/refresh') {
      asked.resolve()
      return exchange.promise
    }
    ended.push(options?.body)
    return Promise.resolve()
  }) as Send
  const vault = createMemoryVault()
  const session = createSession(vault, send)
  session.start(answerOf('old', 'ava', 0))
  const token = session.token()
  await asked.promise
  return { session, vault, exchange, ended, token }
}

describe('a call whose token is refused', () => {
  const callOf = (whileUnderWay: (session: ReturnType<typeof createSession>) => void) => {
    const tokens: unknown[] = []
    const send = (async (_method, path, options) => {
      if (path === '/auth/refresh') return answerOf('renewed', 'ava')
      tokens.push(options?.token)
      if (tokens.length > 1) return undefined
      whileUnderWay(session)
      throw new ApiProblem(401, 'unauthenticated', 'no')
    }) as Send
    const session = createSession(createMemoryVault(), send)
    session.start(answerOf('first', 'ava'))
    const outcome = createApi(send, session)
      .follow('somebody')
      .then(
        () => 'done',
        (error: ApiProblem) => error.status,
      )
    return { tokens, outcome }
  }
  test('is made once more with a new one', async () => {
    const { tokens, outcome } = callOf(() => undefined)
    expect(await outcome).toBe('done')
    expect(tokens).toEqual(['first access', 'renewed access'])
  })
  test('is not made in the name of who has logged in meanwhile', async () => {
    const { tokens, outcome } = callOf((session) => session.start(answerOf('new', 'ben')))
    expect(await outcome).toBe(401)
    expect(tokens).toEqual(['first access'])
  })
})

const FAILURES = {
  'is refused': new ApiProblem(401, 'invalid_refresh_token', 'no'),
  'gets no answer': new ApiProblem(0, 'network', 'no'),
}

describe('an exchange of tokens under way', () => {
  test('does not sign a person in again who has logged out', async () => {
    const { session, vault, exchange, ended, token } = await setScene()
    await session.end()
    exchange.resolve(answerOf('late', 'ava'))
    expect(await token.catch((error) => error.code)).toBe('signed_out')
    expect(vault.read()).toBeNull()
    expect(ended).toEqual([{ refresh_token: 'old refresh' }, { refresh_token: 'late refresh' }])
  })

  test('leaves the session of who has logged in meanwhile alone, and does not lend its token', async () => {
    const { session, vault, exchange, ended, token } = await setScene()
    session.start(answerOf('new', 'ben'))
    exchange.resolve(answerOf('late', 'ava'))
    expect(await token.catch((error) => error.code)).toBe('signed_out')
    expect(vault.read()?.refresh_token).toBe('new refresh')
    expect(ended).toEqual([{ refresh_token: 'late refresh' }])
  })

  test('goes on with the newer session of the same person', async () => {
    const { session, vault, exchange, ended, token } = await setScene()
    session.start(answerOf('new', 'ava'))
    exchange.resolve(answerOf('late', 'ava'))
    expect(await token).toBe('new access')
    expect(vault.read()?.refresh_token).toBe('new refresh')
    expect(ended).toEqual([{ refresh_token: 'late refresh' }])
  })

  test.each(Object.entries(FAILURES))('that %s does not end a newer session', async (_, failure) => {
    const { session, vault, exchange, ended, token } = await setScene()
    session.start(answerOf('new', 'ava'))
    exchange.reject(failure)
    expect(await token).toBe('new access')
    expect(vault.read()?.refresh_token).toBe('new refresh')
    expect(ended).toEqual([])
  })

  test('that gets no answer gives no token of a person who has logged out', async () => {
    const { session, exchange, token } = await setScene()
    await session.end()
    exchange.reject(FAILURES['gets no answer'])
    expect(await token.catch((error) => error.code)).toBe('signed_out')
  })
})
