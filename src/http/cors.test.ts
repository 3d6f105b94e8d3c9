import { describe, expect, test } from 'bun:test'
import { createCors } from './cors'
import { bucketOrigin, createSecurityHeaders } from './security-headers'

describe('cors', () => {
  const cors = createCors(['http://localhost:*', 'https://app.example', 'https://api.example:8443'])
  test.each([
    ['http://localhost', true],
    ['http://localhost:5173', true],
    ['https://localhost:5173', false],
    ['http://localhost:5173.evil.example', false],
    ['http://localhost.evil.example', false],
    ['http://localhost:123456', false],
    ['https://app.example', true],
    ['https://app.example:444', false],
    ['http://app.example', false],
    ['https://api.example:8443', true],
    ['https://evilapp.example', false],
    ['null', false],
    ['', false],
  ])('%s is allowed: %p', (origin, isAllowed) => {
    expect(cors.isAllowed(origin)).toBe(isAllowed)
    expect(Object.values(cors.headers(origin)).includes(origin)).toBe(isAllowed && origin !== '')
    expect('Access-Control-Allow-Methods' in cors.preflight(origin, ['GET'])).toBe(isAllowed)
  })
})

describe('security headers', () => {
  test('pages may reach their own origin and the bucket, and run no script but files of their own', () => {
    const policy = createSecurityHeaders('https://media.example').forPages['Content-Security-Policy'] ?? ''
    const directives = new Map(
      policy.split('; ').map((item) => [item.split(' ')[0], item.split(' ').slice(1)]),
    )
    expect(directives.get('script-src')).toEqual(["'self'"])
    for (const name of ['img-src', 'media-src', 'connect-src']) {
      expect(directives.get(name)).toContain('https://media.example')
    }
    expect(directives.get('frame-ancestors')).toEqual(["'none'"])
    expect(policy).not.toContain('unsafe')
  })
  test.each([
    ['http://localhost:9000/x', true, 'http://localhost:9000'],
    ['https://s3.example', false, 'https://media.s3.example'],
  ])('the bucket of %s with path style %p is at %s', (endpoint, forcePathStyle, origin) => {
    expect(bucketOrigin(endpoint, 'media', forcePathStyle)).toBe(origin)
  })
})
