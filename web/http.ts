/** One place where requests leave: JSON in and out, a report of every call, problems as errors. */
import { ApiProblem, readProblem, toProblem } from './problem.ts'

export type Call = {
  account: string
  method: string
  path: string
  status: number
  ms: number
  body: unknown
  headers: Record<string, string>
}

export type SendOptions = {
  body?: unknown
  headers?: Record<string, string>
  token?: string
  signal?: AbortSignal
}

export type Send = <T>(method: string, path: string, options?: SendOptions) => Promise<T>

/**
 * Makes the function that sends a call.
 *
 * @param report told of each call once it is over (status 0: no answer)
 * @returns send: resolves with the parsed body, rejects with an `ApiProblem`
 */
export function createSend(report: (call: Omit<Call, 'account'>) => void): Send {
  return async <T>(method: string, path: string, options: SendOptions = {}): Promise<T> => {
    const headers: Record<string, string> = { Accept: 'application/json', ...options.headers }
    if (options.body !== undefined) headers['Content-Type'] = 'application/json'
    if (options.token) headers.Authorization = `Bearer ${options.token}`
    const started = performance.now()
    const done = (status: number) =>
      report({ method, path, status, ms: performance.now() - started, body: options.body, headers })
    let response: Response
    try {
      response = await fetch(path, {
        method,
        headers,
        body: options.body === undefined ? undefined : JSON.stringify(options.body),
        signal: options.signal,
        credentials: 'omit',
      })
    } catch (error) {
      if (options.signal?.aborted) throw new ApiProblem(0, 'aborted', 'The call was given up')
      done(0)
      throw toProblem(error)
    }
    done(response.status)
    if (!response.ok) throw await readProblem(response)
    return (response.status === 204 ? undefined : await response.json()) as T
  }
}
