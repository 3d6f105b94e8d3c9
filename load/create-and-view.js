// k6: people post stories and look at each other's. `make load BASE_URL=…`; with SIGNUPS=0 tokens come from TOKENS.
import { check, fail } from 'k6'
import { SharedArray } from 'k6/data'
import http from 'k6/http'
import { summarize } from './summary.js'

const BASE = __ENV.BASE_URL || 'http://localhost:3000'
const PEOPLE = Number(__ENV.PEOPLE || 8)
const VUS = Number(__ENV.VUS || 8)
const SECONDS = Number(__ENV.SECONDS || 30)
/** One story for this many views, so that the limit of posting is not what is measured. */
const VIEWS_PER_STORY = Number(__ENV.VIEWS_PER_STORY || 10)

const given = new SharedArray('tokens', () => (__ENV.TOKENS ? open(__ENV.TOKENS).trim().split('\n') : []))

export const options = {
  scenarios: {
    create_and_view: {
      executor: 'ramping-vus',
      startVUs: 1,
      stages: [
        { duration: `${Math.ceil(SECONDS / 5)}s`, target: VUS },
        { duration: `${SECONDS}s`, target: VUS },
        { duration: '2s', target: 0 },
      ],
    },
  },
  thresholds: {
    checks: ['rate>0.99'],
    'http_req_duration{call:create}': ['p(95)<500'],
    'http_req_duration{call:view}': ['p(95)<500'],
  },
}

const as = (token, call) => ({
  headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
  tags: { call, name: call },
  // A refusal by the limits is an answer, not a failure of the service.
  responseCallback: http.expectedStatuses(200, 201, 429),
})

export function setup() {
  if (given.length > 0) return { tokens: [...given] }
  const tokens = []
  for (let i = 0; i < PEOPLE; i++) {
    const email = `load.${Date.now()}.${i}@example.com`
    const body = JSON.stringify({ email, password: 'a long password' })
    const answer = http.post(`${BASE}/auth/signup`, body, { headers: { 'Content-Type': 'application/json' } })
    if (answer.status !== 201) fail(`sign-up answered ${answer.status}`)
    tokens.push(answer.json('access_token'))
  }
  return { tokens }
}

export default function createAndView({ tokens }) {
  const author = tokens[(__VU * 7919 + __ITER) % tokens.length]
  const body = JSON.stringify({ text: `story ${__VU}.${__ITER}`, visibility: 'public' })
  const made = http.post(`${BASE}/stories`, body, as(author, 'create'))
  check(made, { 'created or told to wait': (it) => it.status === 201 || it.status === 429 })
  if (made.status !== 201) return
  const id = made.json('id')
  for (let i = 1; i <= VIEWS_PER_STORY; i++) {
    const viewer = tokens[(__VU * 7919 + __ITER + i) % tokens.length]
    const viewed = http.post(`${BASE}/stories/${id}/view`, null, as(viewer, 'view'))
    check(viewed, { viewed: (it) => it.status === 200 })
  }
}

export const handleSummary = (data) => summarize('create-and-view', data)
