import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/**
 * Who may import whom, read from the import lines, and four bans. The kinds of files and what each may use are the
 * table below; a file of a feature that is none of the named kinds is an operation.
 */

const ROOT = join(import.meta.dir, '..')
const files = [...new Bun.Glob('src/**/*.ts').scanSync(ROOT), 'worker.ts']
  .filter((path) => !path.endsWith('.test.ts'))
  .sort()
const sources = new Map(files.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]))

type Import = Readonly<{ from: string; to: string; isType: boolean }>

const ENTRIES = ['worker.ts', 'src/server.ts', 'src/serve.ts']
const PURE_NAMES = ['rules', 'visibility', 'sse', 'event-types', 'story-row']
const STORE_NAMES = ['store', 'visibility-sql', 'story-row-sql', 'view-sql', 'event-row-sql']

/** Which row of the table a file belongs to. */
function kindOf(path: string): string {
  if (ENTRIES.includes(path) || /^src\/(cluster|scripts)\//.test(path)) return 'entry'
  if (path === 'src/stores.ts') return 'context'
  if (['src/app.ts', 'src/context.ts', 'src/config.ts', 'src/version.ts'].includes(path)) {
    return path.slice('src/'.length, -'.ts'.length)
  }
  const [, folder = ''] = path.split('/')
  if (folder !== 'features') return folder
  const name = (path.split('/').at(-1) ?? '').replace('.ts', '')
  if (name === 'routes' || name === 'schema') return name
  if (STORE_NAMES.includes(name)) return 'store'
  return PURE_NAMES.includes(name) ? 'pure' : 'operation'
}

const featureOf = (path: string): string =>
  path.startsWith('src/features/') ? (path.split('/')[2] ?? '') : ''

/** Import lines between our own files; `import type` and `{ type X }` alone are types. */
function importsOf(path: string): Import[] {
  const source = (sources.get(path) ?? '').replaceAll(/import\('(\.[^']*)'\)/g, "\nimport x from '$1'")
  const lines = source.matchAll(/^(?:import|export) ([^'"]*?)from '(\.[^']*(?<!\.json))'/gms)
  return [...lines].map(([, clause = '', target = '']) => {
    const to = normalize(join(dirname(path), target)).replace(/(\.ts)?$/, '.ts')
    const names = /\{([^}]*)\}/.exec(clause)?.[1]?.split(',') ?? []
    const isEachType = names.every((name) => name.trim() === '' || name.trim().startsWith('type '))
    return { from: path, to, isType: clause.startsWith('type ') || (names.length > 0 && isEachType) }
  })
}

type Rule = (line: Import, to: string) => boolean
const isOwn = ({ from, to }: Import) => featureOf(from) === featureOf(to)
const isTypeOf =
  (kinds: readonly string[]): Rule =>
  (line, to) =>
    line.isType && kinds.includes(to)

/** The table: for each kind of file, what it may import. */
const MAY_IMPORT: Readonly<Record<string, Rule>> = {
  kernel: (_, to) => to === 'kernel',
  config: (_, to) => to === 'kernel',
  version: () => false,
  pure: (line, to) => ['kernel', 'pure'].includes(to) || isTypeOf(['schema', 'operation'])(line, to),
  schema: (line, to) =>
    to === 'kernel' || line.to === 'src/http/schemas.ts' || to === 'schema' || (to === 'pure' && isOwn(line)),
  store: (line, to) =>
    to === 'kernel' ||
    line.to.startsWith('src/platform/database/') ||
    (['pure', 'store'].includes(to) && (isOwn(line) || line.to.endsWith('-sql.ts'))) ||
    isTypeOf(['config', 'pure', 'schema'])(line, to),
  operation: (line, to) =>
    ['kernel', 'pure', 'operation'].includes(to) ||
    isTypeOf(['context', 'config', 'store', 'schema', 'platform'])(line, to) ||
    // Constants that a store shares with its own operations.
    (to === 'store' && isOwn(line)) ||
    // Helpers over what is handed in anyway.
    [
      'src/platform/database/migrate.ts',
      'src/platform/redis/read-many.ts',
      'src/platform/redis/script.ts',
    ].includes(line.to),
  routes: (line, to) =>
    ['kernel', 'http', 'schema'].includes(to) ||
    (isOwn(line) && ['operation', 'pure'].includes(to)) ||
    isTypeOf(['context'])(line, to),
  http: (line, to) =>
    ['kernel', 'http'].includes(to) ||
    isTypeOf(['context', 'platform'])(line, to) ||
    // In development the client is built on the way.
    line.to === 'src/scripts/build-web.ts',
  platform: (line, to) => ['kernel', 'platform'].includes(to) || isTypeOf(['config'])(line, to),
  context: (line, to) =>
    ['kernel', 'platform', 'store', 'operation', 'context'].includes(to) || isTypeOf(['config'])(line, to),
  app: (line, to) => ['http', 'routes'].includes(to) || isTypeOf(['context'])(line, to),
  entry: () => true,
}

describe('imports follow the table', () => {
  const kinds = [...new Set(files.map(kindOf))].sort()
  test.each(kinds)('of kind %s', (kind) => {
    const may = MAY_IMPORT[kind]
    if (may === undefined) throw new Error(`There is no rule for files of kind ${kind}`)
    const lines = files.filter((path) => kindOf(path) === kind).flatMap(importsOf)
    const broken = lines.filter((line) => !may(line, kindOf(line.to)))
    expect(broken.map(({ from, to, isType }) => `${from} -> ${to}${isType ? ' (type)' : ''}`)).toEqual([])
  })
  test('every import between our files leads to one', () => {
    const lost = files.flatMap(importsOf).filter(({ to }) => !sources.has(to))
    expect(lost).toEqual([])
  })
  test('nothing in src imports tests, tools or the client', () => {
    const strays = files.flatMap(importsOf).filter(({ to }) => !/^(src\/|worker\.ts)/.test(to))
    expect(strays).toEqual([])
  })
  test('kernel and pure files need no library but the runtime', () => {
    const libraries = files
      .filter((path) => ['kernel', 'pure'].includes(kindOf(path)))
      .flatMap((path) =>
        [...(sources.get(path) ?? '').matchAll(/from '([^.'][^']*)'/g)].map(([, name]) => name),
      )
    expect(libraries.filter((name) => !name?.startsWith('node:'))).toEqual([])
  })
  test('SQL is written in stores alone', () => {
    const writers = files.filter((path) => /from 'drizzle-orm/.test(sources.get(path) ?? ''))
    expect(
      writers.filter((path) => kindOf(path) !== 'store' && !path.startsWith('src/platform/database/')),
    ).toEqual([])
  })
})

/** The code without its comments and the inside of its texts, in which words are free. */
const codeOf = (path: string): string =>
  (sources.get(path) ?? '').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|'(?:[^'\\\n]|\\.)*'/gm, '')

const using = (pattern: RegExp, isAllowed: (path: string) => boolean): string[] =>
  files.filter((path) => !isAllowed(path) && pattern.test(codeOf(path)))

describe('bans', () => {
  const isEntry = (path: string) => kindOf(path) === 'entry'
  test('the environment is read by entries and scripts alone', () => {
    expect(using(/process\.env|Bun\.env|import\.meta\.env/, isEntry)).toEqual([])
  })
  test('time comes from the clock alone', () => {
    const pattern = /Date\.now\(|new Date\(\)|performance\.now\(/
    expect(
      using(pattern, (path) => path === 'src/kernel/clock.ts' || path.startsWith('src/scripts/')),
    ).toEqual([])
  })
  test('console is for entries and scripts alone', () => {
    expect(using(/\bconsole\./, isEntry)).toEqual([])
  })
  test('nothing is exported by default', () => {
    expect(using(/^export default\b/m, () => false)).toEqual([])
  })
})

describe('sizes', () => {
  const lines = (path: string) => (sources.get(path) ?? '').split('\n').length
  test('no file of ours is long, but the schema', () => {
    const long = files.filter((path) => lines(path) > 240 && path !== 'src/platform/database/schema.ts')
    expect(long).toEqual([])
  })
  test('the median is short', () => {
    const sorted = files.map(lines).sort((a, b) => a - b)
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(70)
  })
})
