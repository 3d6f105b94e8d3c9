// k6: a few people post, look at each other's stories and read the feed, within everybody's limits. `make load-smoke`.
import { check, fail } from 'k6'
import { scenario } from 'k6/execution'
import http from 'k6/http'

const BASE = __ENV.BASE_URL || 'http://localhost:3000'
const PEOPLE = 6
const STORIES_EACH = 15

export const options = {
  scenarios: {
    create: {
      executor: 'shared-iterations',
      exec: 'create',
      vus: PEOPLE,
      iterations: PEOPLE * STORIES_EACH,
      maxDuration: '30s',
    },
    view: { executor: 'constant-vus', exec: 'view', vus: 8, duration: '20s' },
  },
  thresholds: {
    checks: ['rate==1'],
    http_req_failed: ['rate==0'],
    'http_req_duration{call:create}': ['p(95)<500'],
    'http_req_duration{call:view}': ['p(95)<500'],
    'http_req_duration{call:feed}': ['p(95)<500'],
  },
}

const as = (token, call) => ({
  headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
  tags: { call },
})

const post = (token, text) =>
  http.post(`${BASE}/stories`, JSON.stringify({ text, visibility: 'public' }), as(token, 'create'))

export function setup() {
  const tokens = []
  const ids = []
  for (let i = 0; i < PEOPLE; i++) {
    const email = `load.${Date.now()}.${i}@example.com`
    const answer = http.post(
      `${BASE}/auth/signup`,
      JSON.stringify({ email, password: 'a long password' }),
      as('', 'setup'),
    )
    if (answer.status !== 201) fail(`sign-up answered ${answer.status}`)
    const token = answer.json('access_token')
    tokens.push(token)
    ids.push(post(token, 'the first').json('id'))
  }
  return { tokens, ids }
}

export function create({ tokens }) {
  const answer = post(tokens[scenario.iterationInTest % PEOPLE], `story ${scenario.iterationInTest}`)
  check(answer, { created: (it) => it.status === 201 })
}

export function view({ tokens, ids }) {
  const token = tokens[__ITER % PEOPLE]
  const viewed = http.post(`${BASE}/stories/${ids[(__ITER + 1) % PEOPLE]}/view`, null, as(token, 'view'))
  check(viewed, { viewed: (it) => it.status === 200 })
  const feed = http.get(`${BASE}/feed`, as(token, 'feed'))
  check(feed, { 'feed read': (it) => it.status === 200 })
}
