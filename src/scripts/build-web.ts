/** Bundles the browser client of `web/` into hashed files; `bun src/scripts/build-web.ts` writes them to `web/dist`. */
import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, gzip } from 'node:zlib'

const WEB_DIR = join(import.meta.dir, '../../web')

/**
 * Path inside the client (`index.html`, `assets/main-….js`) to the bytes served there; beside each the same compressed
 * (`….br`, `….gz`) where that is smaller.
 */
export type WebFiles = ReadonlyMap<string, Uint8Array<ArrayBuffer>>

/**
 * Bundles the client's script and style, names them by their content and fills them into `index.html`.
 *
 * @param outDir where to write the files too; left out, nothing touches the disk
 * @returns every file of the client
 * @throws Error when the sources do not compile
 */
export async function buildWebClient(outDir?: string): Promise<WebFiles> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>()
  const urls = new Map<string, string>()
  for (const entry of ['main.ts', 'style.css']) {
    const bytes = await bundle(join(WEB_DIR, entry))
    const path = hashedPath(entry.replace(/\.ts$/, '.js'), bytes)
    files.set(path, bytes)
    urls.set(entry, `/${path}`)
  }
  const icon = new Uint8Array(await Bun.file(join(WEB_DIR, 'icon.svg')).arrayBuffer())
  const iconPath = hashedPath('icon.svg', icon)
  files.set(iconPath, icon)
  urls.set('icon.svg', `/${iconPath}`)

  let html = await Bun.file(join(WEB_DIR, 'index.html')).text()
  for (const [entry, url] of urls) html = html.replaceAll(`"/${entry}"`, `"${url}"`)
  files.set('index.html', new TextEncoder().encode(html))
  for (const [path, bytes] of [...files]) await addCompressed(files, path, bytes)
  if (outDir) await writeFiles(outDir, files)
  return files
}

async function bundle(entry: string): Promise<Uint8Array<ArrayBuffer>> {
  const result = await Bun.build({ entrypoints: [entry], target: 'browser', format: 'esm', minify: true })
  const output = result.outputs[0]
  if (!result.success || !output) throw new Error(`The web client does not build: ${result.logs.join('\n')}`)
  return new Uint8Array(await output.arrayBuffer())
}

const COMPRESSIONS = [
  ['br', promisify(brotliCompress)],
  ['gz', (bytes: Uint8Array) => promisify(gzip)(bytes, { level: 9 })],
] as const

/** Once at the build, as it costs more time than all the rest of a start. */
async function addCompressed(
  files: Map<string, Uint8Array<ArrayBuffer>>,
  path: string,
  bytes: Uint8Array,
): Promise<void> {
  for (const [ending, compress] of COMPRESSIONS) {
    const smaller = new Uint8Array(await compress(bytes))
    if (smaller.length < bytes.length) files.set(`${path}.${ending}`, smaller)
  }
}

function hashedPath(name: string, bytes: Uint8Array): string {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 10)
  return `assets/${name.replace(/\.(\w+)$/, `-${hash}.$1`)}`
}

async function writeFiles(outDir: string, files: WebFiles): Promise<void> {
  await rm(outDir, { recursive: true, force: true })
  for (const [path, bytes] of files) {
    const target = join(outDir, path)
    await mkdir(dirname(target), { recursive: true })
    await Bun.write(target, bytes)
  }
}

if (import.meta.main) {
  const started = performance.now()
  const files = await buildWebClient(join(WEB_DIR, 'dist'))
  for (const [path, bytes] of files) {
    console.log(`${path}  ${bytes.length} bytes`)
  }
  console.log(`web/dist written in ${Math.round(performance.now() - started)} ms`)
}
