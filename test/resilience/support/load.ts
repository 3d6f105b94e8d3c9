/** Load that counts: posts with an Idempotency-Key that are tried until acknowledged, first views, and feeds. */

import type postgres from 'postgres'
import { newId } from '../../../src/kernel/ids.ts'
import { type Answer, call } from './calls.ts'
import type { Person } from './people.ts'

export type LoadOptions = Readonly<{
  /** Where to send a request; asked each time, so that instances can come and go. */
  doors: () => readonly string[]
  people: readonly Person[]
  workers: number
  /** A pause of each worker between two requests. */
  restMs?: number
  /** A post that was not acknowledged is sent again with its key; so are views. */
  retries?: boolean
}>

export type Load = Readonly<{
  counts: { attempted: number; acknowledged: number; unavailable: number; failed: number; worstMs: number }
  /** Answers that were neither a success nor a 503 with Retry-After. */
  odd: string[]
  acknowledgedTexts: Set<string>
  /** Of the answers since the last reset, good and bad. */
  medianMs(): number
  /** Clears the worst answer and the times so far. */
  resetWorst(): void
  stop(): Promise<void>
}>

const RETRIES_MAX = 400

/** Starts at once and goes on until `stop`, which waits for requests in flight and their retries. */
export function startLoad(options: LoadOptions): Load {
  const counts = { attempted: 0, acknowledged: 0, unavailable: 0, failed: 0, worstMs: 0 }
  const odd: string[] = []
  const times: number[] = []
  const acknowledgedTexts = new Set<string>()
  const recent: { id: string; authorId: string }[] = []
  let stopping = false
  const pick = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)] as T

  const note = (what: string, answer: Answer): boolean => {
    counts.worstMs = Math.max(counts.worstMs, answer.ms)
    times.push(answer.ms)
    if (answer.status >= 200 && answer.status < 300) return true
    if (answer.status === 503 && answer.headers.has('retry-after')) counts.unavailable++
    else if (answer.status === 0) counts.failed++
    else if (answer.status !== 409) odd.push(`${what}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return false
  }
  const until = async (what: string, send: () => Promise<Answer>): Promise<Answer | null> => {
    counts.attempted++
    for (let turn = 0; turn < (options.retries === false ? 1 : RETRIES_MAX); turn++) {
      const answer = await send()
      if (note(what, answer)) {
        counts.acknowledged++
        return answer
      }
      if (answer.status >= 400 && ![409, 503].includes(answer.status)) return null
      if (turn > 0 || answer.status === 0) await Bun.sleep(100)
    }
    return null
  }
  const post = async () => {
    const person = pick(options.people)
    const key = newId()
    const body = { text: `load ${key}`, visibility: 'public' }
    const answer = await until('POST /stories', () =>
      call(pick(options.doors()), person, 'POST', '/stories', { body, key }),
    )
    if (answer === null) return
    acknowledgedTexts.add(body.text)
    recent.push({ id: String(answer.body.id), authorId: person.id })
    if (recent.length > 50) recent.shift()
  }
  const view = async () => {
    const story = pick(recent)
    const person = pick(options.people)
    if (story === undefined) return
    await until('POST view', () => call(pick(options.doors()), person, 'POST', `/stories/${story.id}/view`))
  }
  const feed = async () => {
    await until('GET /feed', () => call(pick(options.doors()), pick(options.people), 'GET', '/feed'))
  }
  const run = async (at: number) => {
    const mix = [post, view, feed, view]
    for (let turn = at; !stopping; turn++) {
      await mix[turn % mix.length]?.()
      await Bun.sleep(options.restMs ?? 20)
    }
  }
  const workers = Array.from({ length: options.workers }, (_, at) => run(at))
  return {
    counts,
    odd,
    acknowledgedTexts,
    medianMs: () => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0,
    resetWorst() {
      counts.worstMs = 0
      times.length = 0
    },
    async stop() {
      stopping = true
      await Promise.all(workers)
    },
  }
}

/** Compares what was acknowledged with what is stored: lost ones, and texts that are there more than once. */
export async function audit(
  sql: postgres.Sql,
  texts: ReadonlySet<string>,
): Promise<{ lost: number; doubled: number }> {
  const rows = await sql<{ text: string; n: number }[]>`
    select text, count(*)::int as n from stories where text like 'load %' group by text`
  const stored = new Map(rows.map((row) => [row.text, row.n]))
  let lost = 0
  for (const text of texts) if (!stored.has(text)) lost++
  let doubled = 0
  for (const n of stored.values()) if (n > 1) doubled++
  return { lost, doubled }
}
