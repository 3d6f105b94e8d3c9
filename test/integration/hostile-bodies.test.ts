import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { STACK_START_MS_MAX, TEST_MS_MAX } from '../support/context'
import { createDatabase, type TestDatabase } from '../support/database'
import { type ServiceProcess, startApi } from '../support/processes'
import { sendRaw } from '../support/raw-request'
import { serviceEnv, testStack } from '../support/services'

/** Bodies from strangers, to the process as it is started: refused with a problem document, whatever they are. */

let database: TestDatabase
let server: ServiceProcess

setDefaultTimeout(TEST_MS_MAX)

beforeAll(async () => {
  database = await createDatabase()
  server = await startApi(serviceEnv(await testStack(), database.url))
}, STACK_START_MS_MAX)

afterAll(async () => {
  await server?.kill('SIGTERM')
  await database?.drop()
}, TEST_MS_MAX)

const post = async (path: string, body: string, headers: Record<string, string> = {}) => {
  const answer = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body,
  })
  const { code, request_id } = (await answer.json()) as { code: string; request_id: string }
  expect(request_id).toBe(answer.headers.get('x-request-id') ?? '')
  return [answer.status, code]
}

test.each([
  ['a field that breaks when it is taken for text', '{"refresh_token":{"toString":1}}'],
  ['unknown fields as far as they go', `{"refresh_token":"x","a":[${'{},'.repeat(20_000)}0]}`],
  ['an unknown field nested without end', `{"refresh_token":"x","a":${'['.repeat(9000)}${']'.repeat(9000)}}`],
])('422 for %s', async (_, body) => {
  expect(await post('/auth/refresh', body)).toEqual([422, 'validation_failed'])
})

test('413 for a body whose length is announced twice, before any of it is read', async () => {
  const answer = await sendRaw(
    Number(new URL(server.url).port),
    'POST /auth/logout HTTP/1.1',
    'Host: a',
    'Content-Type: application/json',
    ...Array(2).fill('Content-Length: 100000'),
  )
  expect(answer).toStartWith('HTTP/1.1 413 ')
})

test('413 for a body that is announced as longer than any', async () => {
  const { promise, resolve } = Promise.withResolvers<string>()
  let text = ''
  await Bun.connect({
    hostname: '127.0.0.1',
    port: Number(new URL(server.url).port),
    socket: {
      open: (socket) =>
        void socket.write(
          'POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 20000000000\r\n\r\n{',
        ),
      data(_, bytes) {
        text += bytes.toString()
        if (text.includes('payload_too_large')) resolve(text)
      },
      close: () => resolve(text),
    },
  })
  expect(await promise).toMatch(
    /^HTTP\/1.1 413 [\s\S]*application\/problem\+json[\s\S]*"code":"payload_too_large"/,
  )
})
