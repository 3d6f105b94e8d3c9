import { describe, expect, test } from 'bun:test'
import { buildRoutes } from '../src/app'
import { startApi } from './support/client'
import { fakeContext } from './support/fake-context'
import { readDocument } from './support/openapi'

/** The contract's list of what needs no token; everything else must refuse a stranger. */
const OPEN = new Set([
  'POST /auth/signup',
  'POST /auth/login',
  'POST /auth/refresh',
  'POST /auth/logout',
  'GET /livez',
  'GET /readyz',
  'GET /healthz',
  'GET /metrics',
])

const routes = buildRoutes(fakeContext().ctx).routes.map(({ method, path }) => ({ method, path }))
const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`
const guarded = routes.filter((route) => !OPEN.has(nameOf(route)))
const pathOf = (pattern: string) => pattern.replace(/:\w+/g, '019c0000-0000-7000-8000-000000000001')

describe('every route is guarded', () => {
  test('the routes that need no token are exactly those of the contract', () => {
    const open = routes.filter((route) => OPEN.has(nameOf(route))).map(nameOf)
    expect(open.sort()).toEqual([...OPEN].sort())
    expect(guarded.length).toBeGreaterThan(20)
  })

  test.each(guarded.map((route) => [nameOf(route), route] as const))(
    '401 without a token: %s',
    async (_, route) => {
      const { anonymous } = await startApi()
      const answer = await anonymous.send(route.method, pathOf(route.path))
      expect({ status: answer.status, code: answer.body.code }).toEqual({
        status: 401,
        code: 'unauthenticated',
      })
    },
  )

  test.each(guarded.map((route) => [nameOf(route), route] as const))(
    '401 before anything is said about what was sent: %s',
    async (_, route) => {
      const { anonymous } = await startApi()
      const body =
        route.method === 'GET' ? {} : { body: 'no json', headers: { 'content-type': 'text/plain' } }
      const path = route.path.replace(/:\w+/g, 'no-id')
      expect((await anonymous.send(route.method, `${path}?limit=0&cursor=x`, body)).status).toBe(401)
    },
  )

  test('the document says the same of each', () => {
    const { paths } = readDocument()
    const open = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations)
        .filter(([, operation]) => operation.security?.length === 0)
        .map(([method]) => `${method.toUpperCase()} ${path}`),
    )
    expect(open.sort()).toEqual([...OPEN].sort())
  })
})
