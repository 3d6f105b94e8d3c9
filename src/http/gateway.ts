import type { AppContext } from '../context'
import { monotonicMs } from '../kernel/clock'
import { AppError, notFound, unavailable } from '../kernel/errors'
import { createCors } from './cors'
import { allow, methodNotAllowed, PAGE_METHODS } from './methods'
import { problemResponse, toAppError } from './problem'
import { type Connection, type RequestInfo, rememberInfo, requestIdOf } from './request-info'
import { isReadable, isTls, pathOf, readableUrl } from './request-url'
import { createRouteTable, type RouteEntry } from './route-table'
import { API_HEADERS, bucketOrigin, createSecurityHeaders } from './security-headers'

/** A promise only where something has to be waited for: the server answers in the request's own turn where it can. */
export type Answer = Response | Promise<Response>

/**
 * The one way in and out of the API process: every request gets its id here, and every answer its headers, its log line
 * and its metrics, whatever happened in between.
 */
export type Gateway = Readonly<{
  handle(request: Request, connection: Connection): Answer
  /** Requests that were accepted and are not answered yet. */
  inFlight(): number
  /** From now on answers ask their connections to close, and `/readyz` sends new ones elsewhere. */
  drain(): void
  /** From now on answers wait, also those of new requests, until the returned function is called. */
  hold(): () => void
  /** Milliseconds since the last request that was not a machine asking how things are. */
  quietMs(): number
}>

/** Files served beside the API: the client and the docs. */
export type Pages = Readonly<{
  /** Null when there is no such file, or the method is neither GET nor HEAD. */
  respond(request: Request, pathname: string): Answer | null
}>

/** Answers a GET of its route at once where nothing has to be asked first; null leaves it to the route. */
export type Shortcut = (request: Request) => Response | null

type App = Readonly<{
  fetch(request: Request): Answer
  routes: readonly { method: string; path: string }[]
}>

type Deps = Pick<AppContext, 'config' | 'logger' | 'accessLog' | 'metrics'>

const URL_LENGTH_MAX = 4096
const LOGGED_PATH_MAX = 200
const UNMATCHED = 'unmatched'
const PAGES_ROUTE = 'page'
/** Asked often by machines; their lines would drown the others. */
const QUIET_ROUTES = new Set(['/livez', '/readyz', '/healthz', '/metrics'])

export function createGateway(
  ctx: Deps,
  app: App,
  pages: readonly Pages[],
  shortcuts: Readonly<Record<string, Shortcut>> = {},
): Gateway {
  const { config } = ctx
  const findRoute = createRouteTable(app.routes)
  const cors = createCors(config.corsOrigins)
  const security = createSecurityHeaders(
    bucketOrigin(config.s3.publicEndpoint, config.s3.bucket, config.s3.forcePathStyle),
  )
  let inFlight = 0
  let draining = false
  let held: Promise<void> | null = null
  let lastRequestMs = 0

  const describeRequest = (
    request: Request,
    connection: Connection,
    path: string,
    route: string,
  ): RequestInfo => ({
    id: requestIdOf(request),
    method: request.method,
    path,
    route,
    startedMs: monotonicMs(),
    connection,
    viewer: null,
    answerHeaders: {},
    complete: null,
  })

  const respond = (
    request: Request,
    info: RequestInfo,
    entry: RouteEntry | null,
    page: Answer | null,
  ): Answer => {
    if (request.url.length > URL_LENGTH_MAX) throw new AppError('uri_too_long', 'The URL is too long.')
    if (entry === null) {
      if (page === null) throw notFound()
      if (request.method === 'GET' || request.method === 'HEAD') return page
      if (request.method === 'OPTIONS') return answerOptions(request, PAGE_METHODS, true)
      throw methodNotAllowed(PAGE_METHODS, true)
    }
    const hasHead = entry.methods.has('GET') && entry.pattern !== '/events'
    if (request.method === 'OPTIONS') return answerOptions(request, entry.methods, hasHead)
    if (draining && entry.pattern === '/readyz') throw unavailable(new Error('This process is ending'))
    if (entry.methods.has(request.method)) {
      const ready = request.method === 'GET' ? shortcuts[entry.pattern]?.(request) : null
      return ready ?? callApp(request, info)
    }
    if (request.method === 'HEAD' && hasHead) return answerHead(request, info)
    throw methodNotAllowed(entry.methods, hasHead)
  }
  const callApp = (request: Request, info: RequestInfo): Answer => {
    if (isReadable(request.url)) return app.fetch(request)
    const readable = new Request(readableUrl(request.url), request)
    rememberInfo(readable, info)
    return app.fetch(readable)
  }
  const findPage = (request: Request, path: string): Answer | null => {
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    const asked = isRead ? request : new Request('http://localhost/')
    for (const page of pages) {
      const answer = page.respond(asked, path)
      if (answer !== null) return answer
    }
    return null
  }
  const answerOptions = (request: Request, methods: ReadonlySet<string>, hasHead: boolean): Response => {
    const origin = request.headers.get('origin')
    return new Response(null, {
      status: 204,
      headers: { ...cors.preflight(origin, methods), Allow: allow(methods, hasHead) },
    })
  }
  /** With its body, of which the server sends the length alone. */
  const answerHead = (request: Request, info: RequestInfo): Answer => {
    const asGet = new Request(readableUrl(request.url), { headers: request.headers })
    rememberInfo(asGet, info)
    return app.fetch(asGet)
  }

  const dress = (request: Request, info: RequestInfo, response: Response): void => {
    if (response !== info.complete) {
      setAll(response, info.route === PAGES_ROUTE ? security.forPages : API_HEADERS)
      // For strangers, too, so that no cache mixes origins.
      response.headers.append('Vary', 'Origin')
      response.headers.set('X-Request-Id', info.id)
    }
    if (isTls(request, config.trustedProxyHops)) setAll(response, security.overTls)
    setAll(response, info.answerHeaders)
    setAll(response, cors.headers(request.headers.get('origin')))
    if (draining) response.headers.set('Connection', 'close')
  }

  const record = (info: RequestInfo, status: number): void => {
    const seconds = (monotonicMs() - info.startedMs) / 1000
    const method = KNOWN_METHODS.has(info.method) ? info.method : 'OTHER'
    // How long a stream stays open says nothing about how fast it was answered, and this is the moment it was.
    ctx.metrics.requests.note(method, info.route, status, seconds)
    ctx.accessLog(QUIET_ROUTES.has(info.route) && status < 400 ? 'debug' : 'info', {
      request_id: info.id,
      user_id: info.viewer?.id,
      method,
      route: info.route,
      path: info.path,
      status,
      duration_ms: Math.round(seconds * 1e6) / 1e3,
    })
  }
  const fail = (error: unknown, info: RequestInfo): Response => {
    const problem = toAppError(error)
    const facts = {
      request_id: info.id,
      user_id: info.viewer?.id,
      route: info.route,
      err: problem.cause ?? error,
    }
    if (problem.code === 'internal') ctx.logger.error({ event: 'internal_error', ...facts })
    else if (problem.status >= 500) ctx.logger.warn({ event: 'unavailable', ...facts })
    return problemResponse(problem, info.id)
  }

  const finish = (request: Request, info: RequestInfo, response: Response): void => {
    dress(request, info, response)
    record(info, response.status)
  }
  const finishLater = async (request: Request, info: RequestInfo, answer: Answer): Promise<Response> => {
    try {
      const response = await Promise.resolve(answer).catch((error) => fail(error, info))
      finish(request, info, response)
      if (held !== null) await held
      return response
    } finally {
      inFlight--
    }
  }

  return {
    handle(request, connection) {
      inFlight++
      const path = pathOf(request.url)
      const entry = findRoute(path)
      const page = entry === null ? findPage(request, path) : null
      const route = entry?.pattern ?? (page === null ? UNMATCHED : PAGES_ROUTE)
      const info = describeRequest(request, connection, path.slice(0, LOGGED_PATH_MAX), route)
      if (!QUIET_ROUTES.has(route)) lastRequestMs = info.startedMs
      rememberInfo(request, info)
      let answer: Answer
      try {
        answer = respond(request, info, entry, page)
      } catch (error) {
        answer = fail(error, info)
      }
      if (answer instanceof Promise || held !== null) return finishLater(request, info, answer)
      try {
        finish(request, info, answer)
        return answer
      } finally {
        inFlight--
      }
    },
    inFlight: () => inFlight,
    quietMs: () => monotonicMs() - lastRequestMs,
    drain() {
      draining = true
    },
    hold() {
      const end = Promise.withResolvers<void>()
      held = end.promise
      return end.resolve
    },
  }
}

/** Most answers need nothing more, and asking a response for its headers is not free. */
const setAll = (response: Response, values: Readonly<Record<string, string>>): void => {
  for (const name in values) response.headers.set(name, values[name] ?? '')
}

const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
