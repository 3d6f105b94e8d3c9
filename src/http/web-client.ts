/** Serves the built browser client from memory: compressed by its build, assets cached for good, the page revalidated. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pages } from './gateway'

type Bytes = Uint8Array<ArrayBuffer>
type Variant = { encoding: 'br' | 'gzip' | 'identity'; body: Bytes; etag: string }
type Asset = { headers: Record<string, string>; variants: Variant[] }

const WEB_DIR = join(import.meta.dir, '../../web')
const DIST_DIR = join(WEB_DIR, 'dist')
const CONTENT_TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
}

/**
 * Loads the client: the build in `web/dist` when it is as new as the sources, else one made in memory.
 *
 * @throws Error when there is neither a build nor sources that compile
 */
export async function loadWebClient(): Promise<Pages> {
  const files = (await isBuildFresh()) ? await readFiles(DIST_DIR) : await buildInMemory()
  const assets = new Map<string, Asset>()
  for (const [path, bytes] of files) {
    if (/\.(br|gz)$/.test(path)) continue
    assets.set(path === 'index.html' ? '/' : `/${path}`, prepareAsset(path, bytes, files))
  }
  return {
    respond(request, pathname) {
      const asset = assets.get(pathname)
      if (!asset || (request.method !== 'GET' && request.method !== 'HEAD')) return null
      return answer(request, asset)
    },
  }
}

async function buildInMemory(): Promise<ReadonlyMap<string, Bytes>> {
  const { buildWebClient } = await import('../scripts/build-web.ts')
  return buildWebClient()
}

/** A build counts as fresh when no source of the client is newer; without sources it is all there is. */
async function isBuildFresh(): Promise<boolean> {
  const index = join(DIST_DIR, 'index.html')
  if (!existsSync(index)) return false
  if (!existsSync(join(WEB_DIR, 'main.ts'))) return true
  const builtAt = (await stat(index)).mtimeMs
  const sources = (await listFiles(WEB_DIR)).filter((path) => !path.startsWith('dist/'))
  const times = await Promise.all(sources.map(async (path) => (await stat(join(WEB_DIR, path))).mtimeMs))
  return times.every((time) => time <= builtAt)
}

async function listFiles(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return files.map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
}

async function readFiles(dir: string): Promise<ReadonlyMap<string, Bytes>> {
  const files = new Map<string, Bytes>()
  for (const path of await listFiles(dir)) {
    files.set(path, new Uint8Array(await Bun.file(join(dir, path)).arrayBuffer()))
  }
  return files
}

function prepareAsset(path: string, bytes: Bytes, files: ReadonlyMap<string, Bytes>): Asset {
  const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 22)
  const variants: Variant[] = [{ encoding: 'identity', body: bytes, etag: `"${hash}"` }]
  for (const [encoding, ending] of [
    ['gzip', 'gz'],
    ['br', 'br'],
  ] as const) {
    const body = files.get(`${path}.${ending}`)
    const smallest = variants[0]?.body.length ?? 0
    if (body && body.length < smallest) variants.unshift({ encoding, body, etag: `"${hash}-${encoding}"` })
  }
  return {
    headers: {
      'Content-Type': CONTENT_TYPES[path.split('.').pop() ?? ''] ?? 'application/octet-stream',
      'Cache-Control': path === 'index.html' ? 'no-cache' : 'public, max-age=31536000, immutable',
      Vary: 'Accept-Encoding',
    },
    variants,
  }
}

/** Variants lie smallest first, so that the first acceptable one is the best. */
function answer(request: Request, asset: Asset): Response {
  const accepted = acceptedEncodings(request.headers.get('accept-encoding') ?? '')
  const variant = asset.variants.find((item) => accepted.has(item.encoding))
  if (!variant) return new Response(null, { status: 406 })
  const headers: Record<string, string> = { ...asset.headers, ETag: variant.etag }
  if (matches(request.headers.get('if-none-match'), variant.etag)) {
    return new Response(null, { status: 304, headers })
  }
  if (variant.encoding !== 'identity') headers['Content-Encoding'] = variant.encoding
  headers['Content-Length'] = String(variant.body.length)
  return new Response(request.method === 'HEAD' ? null : variant.body, { headers })
}

function acceptedEncodings(header: string): Set<string> {
  const accepted = new Set(['identity'])
  for (const part of header.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((item) => item.trim())
    const refused = parameters.some((item) => /^q=0(\.0*)?$/.test(item))
    if (name === '*' && !refused) for (const item of ['gzip', 'br']) accepted.add(item)
    else if (refused) accepted.delete(name === '*' ? 'identity' : name)
    else if (name) accepted.add(name)
  }
  return accepted
}

function matches(header: string | null, etag: string): boolean {
  if (!header) return false
  return header.split(',').some((item) => [etag, '*'].includes(item.trim().replace(/^W\//, '')))
}
