// k6: people read their feeds, page after page, at a rate that grows. `make load BASE_URL=…`
import { check, fail } from 'k6'
import http from 'k6/http'
import { summarize } from './summary.js'

const BASE = __ENV.BASE_URL || 'http://localhost:3000'
const PEOPLE = Number(__ENV.PEOPLE || 8)
const RATE = Number(__ENV.RATE || 100)
const SECONDS = Number(__ENV.SECONDS || 30)
/** One in so many readers goes on to the second page. */
const DEEPER = 5

export const options = {
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

const as = (token, call) => ({ headers: { Authorization: `Bearer ${token}` }, tags: { call, name: call } })

export function setup() {
  const tokens = []
  for (let i = 0; i < PEOPLE; i++) {
    const email = `feed.${Date.now()}.${i}@example.com`
    const headers = { 'Content-Type': 'application/json' }
    const body = JSON.stringify({ email, password: 'a long password' })
    const answer = http.post(`${BASE}/auth/signup`, body, { headers })
    if (answer.status !== 201) fail(`sign-up answered ${answer.status}`)
    const token = answer.json('access_token')
    tokens.push(token)
    for (let n = 0; n < 10; n++) {
      const story = JSON.stringify({ text: `story ${n}`, visibility: 'public' })
      http.post(`${BASE}/stories`, story, { headers: { ...headers, Authorization: `Bearer ${token}` } })
    }
  }
  return { tokens }
}

export default function readFeed({ tokens }) {
  const token = tokens[(__VU + __ITER) % tokens.length]
  const page = http.get(`${BASE}/feed`, as(token, 'first'))
  check(page, { 'feed read': (it) => it.status === 200 && it.json('items').length > 0 })
  const cursor = page.json('next_cursor')
  if (__ITER % DEEPER !== 0 || !cursor) return
  const next = http.get(`${BASE}/feed?cursor=${encodeURIComponent(cursor)}`, as(token, 'next'))
  check(next, { 'next page read': (it) => it.status === 200 })
}

export const handleSummary = (data) => summarize('feed', data)
