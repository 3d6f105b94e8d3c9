/** The k6 scripts, as far as they can be run without k6. */
import { describe, expect, mock, test } from 'bun:test'

type Answer = { status: number; headers: Record<string, string>; json: () => unknown }

const made = { status: 201, headers: {}, json: () => 'token' }
const refused = { status: 429, headers: { 'Retry-After': '3' }, json: () => null }

let answers: Answer[] = []
const posted: string[] = []
const slept: number[] = []
mock.module('k6', () => ({
  check: () => true,
  sleep: (seconds: number) => void slept.push(seconds),
  fail: (words: string) => {
    throw new Error(words)
  },
}))
mock.module('k6/http', () => ({
  default: {
    expectedStatuses: (...statuses: number[]) => statuses,
    post(url: string, _body: string, { responseCallback }: { responseCallback?: number[] }) {
      posted.push(new URL(url).pathname)
      const answer = answers.shift() ?? made
      // What k6 would count as a failed request breaks a threshold of the script.
      if (answer.status === 429) expect(responseCallback).toContain(429)
      return answer
    },
  },
}))
Object.assign(globalThis, {
  __ENV: { TOKENS: 'tokens', BASE_URL: 'http://service' },
  open: () => 'ava\nben\n',
})
// Its name is no literal, as the script has no types.
const { setup } = (await import(String('../load/feed.js'))) as { setup: () => unknown }

const STORIES = 20

describe('the set-up of the feed script, with people whose limits are used up', () => {
  test('waits as long as it is told to, and posts every story', () => {
    answers = [refused, refused, made, refused]
    setup()
    expect(slept).toEqual([3, 3, 3])
    expect(posted).toEqual(Array.from({ length: STORIES + slept.length }, () => '/stories'))
  })

  test('ends at another refusal, and at a limit that never opens', () => {
    answers = [{ ...refused, status: 503 }]
    expect(setup).toThrow('answered 503')
    answers = Array.from({ length: 100 }, () => refused)
    expect(setup).toThrow('answered 429')
  })
})
