import { describe, expect, test } from 'bun:test'
import { ParseError } from 'elysia'
import {
  AppError,
  type ErrorCode,
  invalidField,
  notFound,
  STATUS_OF_CODE,
  unavailable,
} from '../kernel/errors'
import { problemResponse, toAppError } from './problem'

const codes = Object.entries(STATUS_OF_CODE) as [ErrorCode, number][]

describe('problem documents', () => {
  test.each(codes)('%s has status %d, a title and its code', async (code, status) => {
    const response = problemResponse(new AppError(code, 'Words for the public.'), 'r1')
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    const body = await response.json()
    expect(body).toEqual({
      type: `urn:stories:problem:${code}`,
      title: expect.stringMatching(/^[A-Z]/),
      status,
      detail: 'Words for the public.',
      code,
      request_id: 'r1',
    })
    expect(body.title).not.toBe('Error')
  })
  test('name the fields, and carry the headers of the error', async () => {
    const named = problemResponse(invalidField('text', 'is too long'), 'r1')
    expect(await named.json()).toMatchObject({ errors: [{ field: 'text', message: 'is too long' }] })
    expect(problemResponse(unavailable(undefined, 7), 'r1').headers.get('retry-after')).toBe('7')
  })
})

describe('toAppError', () => {
  test('finds the error on purpose behind others', () => {
    const inner = notFound()
    expect(toAppError(new Error('outer', { cause: new Error('middle', { cause: inner }) }))).toBe(inner)
  })
  test('says nothing of an error that nobody foresaw', () => {
    for (const error of [new Error('select secret'), 'secret', null, { secret: 1 }]) {
      const problem = toAppError(error)
      expect(problem.code).toBe('internal')
      expect(problem.message).not.toContain('secret')
    }
  })
  test('does not run in circles', () => {
    const error = new Error('a')
    error.cause = error
    expect(toAppError(error).code).toBe('internal')
  })
  test('a body that does not parse is the caller’s fault', () => {
    expect(toAppError(new ParseError(new Error('x'))).code).toBe('malformed_json')
  })
})
