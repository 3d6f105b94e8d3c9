// k6: people post stories and look at each other's. `make load BASE_URL=…`; load/README.md names the variables.
import { check, sleep } from 'k6'
import http from 'k6/http'
import { as, givenTokens, secondsToWait, signUp } from './people.js'
import { summarize, TREND } from './summary.js'

const BASE = __ENV.BASE_URL || 'http://localhost:3000'
const PEOPLE = Number(__ENV.PEOPLE || 8)
const VUS = Number(__ENV.VUS || 8)
const SECONDS = Number(__ENV.SECONDS || 30)
const RAMP_SECONDS = Number(__ENV.RAMP_SECONDS || Math.ceil(SECONDS / 5))
/** One story for this many first views, so that the limit of posting is not what is measured. */
const VIEWS_PER_STORY = Number(__ENV.VIEWS_PER_STORY || Math.min(10, PEOPLE - 1))

const given = givenTokens()
// A refusal by the limits is an answer, not a failure of the service.
http.setResponseCallback(http.expectedStatuses(200, 201, 429))

const steady = { executor: 'constant-vus', vus: VUS, duration: `${SECONDS}s` }
const ramp = {
  executor: 'ramping-vus',
  startVUs: 1,
  stages: [
    { duration: `${RAMP_SECONDS}s`, target: VUS },
    { duration: `${SECONDS}s`, target: VUS },
    { duration: '2s', target: 0 },
  ],
}

export const options = {
  setupTimeout: '180s',
  summaryTrendStats: TREND,
  scenarios: { create_and_view: { ...(RAMP_SECONDS === 0 ? steady : ramp), gracefulStop: '5s' } },
  thresholds: {
    checks: ['rate>0.99'],
    http_req_failed: ['rate==0'],
    'http_req_duration{call:create}': ['p(95)<500'],
    'http_req_duration{call:view}': ['p(95)<500'],
  },
}

export const setup = () => (given.length > 0 ? {} : { tokens: signUp(BASE, PEOPLE) })

export default function createAndView({ tokens = given }) {
  const turn = __VU * 7919 + __ITER * (VIEWS_PER_STORY + 1)
  const body = JSON.stringify({ text: `story ${__VU}.${__ITER}`, visibility: 'public' })
  const made = http.post(`${BASE}/stories`, body, as(tokens[turn % tokens.length], 'create'))
  check(made, { 'created or told to wait': (it) => it.status === 201 || it.status === 429 })
  if (made.status === 429) sleep(secondsToWait(made))
  if (made.status !== 201) return
  const id = made.json('id')
  for (let i = 1; i <= VIEWS_PER_STORY; i++) {
    const viewer = as(tokens[(turn + i) % tokens.length], 'view')
    const viewed = http.post(`${BASE}/stories/${id}/view`, null, { ...viewer, responseType: 'none' })
    check(viewed, { viewed: (it) => it.status === 200 })
  }
}

export const handleSummary = (data) => summarize('create-and-view', data)
