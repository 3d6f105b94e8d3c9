// k6: the people of a run. Those of TOKENS (a file, one access token a line), else new ones who sign up.
import { fail, sleep } from 'k6'
import http from 'k6/http'

const JSON_BODY = { 'Content-Type': 'application/json' }
const WAIT_SECONDS_MAX = 30
const WAITS_MAX = 10

/**
 * To be called while k6 reads the script, as files can be opened only then. A plain array for each virtual user: what is
 * taken from a SharedArray is parsed anew each time, which was two fifths of the processor time that k6 took.
 */
export const givenTokens = () => (__ENV.TOKENS ? open(__ENV.TOKENS).trim().split('\n') : [])

/** How long an answer asks to wait, in seconds. */
export const secondsToWait = (answer) =>
  Math.min(WAIT_SECONDS_MAX, Number(answer.headers['Retry-After']) || 1)

/** Posts, and again when a limit asks to wait: that is an answer, not a failure of the service. */
export function postInTime(url, body, params) {
  const patient = { ...params, responseCallback: http.expectedStatuses(201, 429) }
  let answer = http.post(url, body, patient)
  for (let wait = 0; answer.status === 429 && wait < WAITS_MAX; wait++) {
    sleep(secondsToWait(answer))
    answer = http.post(url, body, patient)
  }
  return answer
}

/** Signs up so many people and returns their access tokens; waits when the limit on sign-ups asks for it. */
export function signUp(base, count) {
  const tokens = []
  for (let i = 0; i < count; i++) {
    const email = `load.${Date.now()}.${i}@example.com`
    const body = JSON.stringify({ email, password: 'a long password' })
    const answer = postInTime(`${base}/auth/signup`, body, { headers: JSON_BODY })
    if (answer.status !== 201) fail(`sign-up answered ${answer.status}`)
    tokens.push(answer.json('access_token'))
  }
  return tokens
}

export const as = (token, call) => ({
  headers: { Authorization: `Bearer ${token}`, ...JSON_BODY },
  tags: { call, name: call },
})
