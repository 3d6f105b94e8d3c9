import type { Client, Session } from './client'

export type LoadResult = Readonly<{
  requests: number
  ok: number
  unavailable: number
  other: number
  broken: number
  slowestMs: number
}>

const PAUSE_MS = 25

/** Reads feed and story in turn, forty requests a second, until told to stop; counts what came back. */
export function startLoad(
  client: Client,
  session: Session,
  storyId: string,
): { stop(): Promise<LoadResult> } {
  const paths = ['/feed', `/stories/${storyId}`, '/me', '/feed/authors']
  const result = { requests: 0, ok: 0, unavailable: 0, other: 0, broken: 0, slowestMs: 0 }
  const running = new Set<Promise<void>>()

  const ask = async (path: string): Promise<void> => {
    const started = performance.now()
    result.requests += 1
    try {
      const answer = await client.call(path, {}, session.token)
      await answer.arrayBuffer()
      if (answer.ok) result.ok += 1
      else if (answer.status === 503) result.unavailable += 1
      else result.other += 1
    } catch {
      result.broken += 1
    }
    result.slowestMs = Math.max(result.slowestMs, performance.now() - started)
  }
  const timer = setInterval(() => {
    const request = ask(paths[result.requests % paths.length] ?? '/feed')
    running.add(request)
    request.finally(() => running.delete(request))
  }, PAUSE_MS)

  return {
    async stop() {
      clearInterval(timer)
      await Promise.all(running)
      return result
    },
  }
}
