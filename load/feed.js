// k6: people read their feeds, page after page, at a rate that grows. `make load BASE_URL=…`; see load/README.md.
import { check, fail } from 'k6'
import http from 'k6/http'
import { as, givenTokens, postInTime, signUp } from './people.js'
import { summarize, TREND } from './summary.js'

const BASE = __ENV.BASE_URL || 'http://localhost:3000'
const PEOPLE = Number(__ENV.PEOPLE || 8)
const RATE = Number(__ENV.RATE || 100)
const SECONDS = Number(__ENV.SECONDS || 30)
const STORIES_EACH = 10
/** One in so many readers goes on to the second page. */
const DEEPER = 5

const given = givenTokens()

export const options = {
  setupTimeout: '180s',
  summaryTrendStats: TREND,
  scenarios: {
    feed: {
      executor: 'ramping-arrival-rate',
      startRate: Math.max(1, Math.floor(RATE / 10)),
      timeUnit: '1s',
      preAllocatedVUs: 50,
      maxVUs: 200,
      stages: [
        { duration: `${SECONDS}s`, target: RATE },
        { duration: `${SECONDS}s`, target: RATE },
      ],
    },
  },
  thresholds: {
    checks: ['rate==1'],
    http_req_failed: ['rate==0'],
    'http_req_duration{call:first}': ['p(95)<300', 'p(99)<800'],
    'http_req_duration{call:next}': ['p(95)<500'],
    dropped_iterations: ['count<100'],
  },
}

export function setup() {
  const tokens = given.length > 0 ? given.slice(0, PEOPLE) : signUp(BASE, PEOPLE)
  for (const token of tokens) {
    for (let n = 0; n < STORIES_EACH; n++) {
      const story = JSON.stringify({ text: `story ${n}`, visibility: 'public' })
      const made = postInTime(`${BASE}/stories`, story, as(token, 'prepare'))
      if (made.status !== 201) fail(`posting a story answered ${made.status}`)
    }
  }
  return given.length > 0 ? {} : { tokens }
}

export default function readFeed({ tokens = given }) {
  const token = tokens[(__VU + __ITER) % tokens.length]
  const page = http.get(`${BASE}/feed`, as(token, 'first'))
  const isRead = check(page, { 'feed read': (it) => it.status === 200 && it.json('items').length > 0 })
  const cursor = isRead ? page.json('next_cursor') : null
  if (__ITER % DEEPER !== 0 || !cursor) return
  const next = http.get(`${BASE}/feed?cursor=${encodeURIComponent(cursor)}`, as(token, 'next'))
  check(next, { 'next page read': (it) => it.status === 200 })
}

export const handleSummary = (data) => summarize('feed', data)
