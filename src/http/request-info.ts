import type { AppContext } from '../context'
import { newId } from '../kernel/ids'
import type { Viewer } from '../kernel/viewer'
import { clientAddress } from './client-address'

/** Where a request came from, as the server knows it. */
export type Connection = Readonly<{
  /** The peer's; reading it is not free. */
  address: string
  /** Gives the connection more silence than others have, for answers that stay open. */
  keepOpen(): void
}>

/** What is known of a request besides itself; filled on its way down, read on its way out. */
export type RequestInfo = {
  readonly id: string
  readonly method: string
  readonly path: string
  /** The pattern (`/stories/:id`), or `unmatched`. */
  readonly route: string
  readonly startedMs: number
  readonly connection: Connection
  viewer: Viewer | null
  /** Headers to be put on whatever the answer will be. */
  readonly answerHeaders: Record<string, string>
  /** The answer that was made with what every answer needs. */
  complete: Response | null
}

const infos = new WeakMap<Request, RequestInfo>()

export const rememberInfo = (request: Request, info: RequestInfo): void => {
  infos.set(request, info)
}

/** @throws Error for a request that did not come through the gateway */
export function infoOf(request: Request): RequestInfo {
  const info = infos.get(request)
  if (info === undefined) throw new Error('A request reached a route without passing the gateway')
  return info
}

const GIVEN_ID = /^[A-Za-z0-9._-]{1,128}$/

/** The id that the client gave its request, if it can stand in headers and logs; otherwise a new one. */
export function requestIdOf(request: Request): string {
  const given = request.headers.get('x-request-id')
  return given !== null && GIVEN_ID.test(given) ? given : newId()
}

/** The client's address as far as trusted proxies tell. */
export const clientAddressOf = ({ config }: Pick<AppContext, 'config'>, request: Request): string =>
  clientAddress(
    request.headers.get('x-forwarded-for'),
    infoOf(request).connection.address,
    config.trustedProxyHops,
  )

/** The ids that go into every log line about this request. */
export const whereOf = (request: Request): { requestId: string; userId: string | undefined } => {
  const info = infoOf(request)
  return { requestId: info.id, userId: info.viewer?.id }
}

/** @throws Error when the route is not guarded by `requireViewer` */
export function viewerOf(request: Request): Viewer {
  const { viewer } = infoOf(request)
  if (viewer === null) throw new Error('A route asked for its viewer without requiring one')
  return viewer
}
