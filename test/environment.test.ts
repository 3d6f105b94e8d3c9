import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError, parseConfig } from '../src/config'

const JWT_SECRET = 'x'.repeat(32)

const read = (path: string) => readFileSync(join(import.meta.dir, '..', path), 'utf8')

/** The names that the code asks the environment for, seen by asking in its place. */
function namesAskedFor(): string[] {
  const asked = new Set<string>()
  const env = new Proxy({} as Record<string, string | undefined>, {
    get(_, name) {
      asked.add(String(name))
      return undefined
    },
  })
  expect(() => parseConfig(env)).toThrow(ConfigError)
  return [...asked].sort()
}

/** Names and values of `.env.example`. */
function exampleEnv(): Record<string, string> {
  const lines = read('.env.example').split('\n')
  const set = lines.filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(
    set.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
}

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    parseConfig(env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
}

const requiredNames = (): string[] => faultsOf({}).map((fault) => fault.split(' ')[0] ?? '')

/** The variables that docker-compose.yml gives to the service's processes. */
function composeEnvironment(): Map<string, string> {
  const { 'x-service': service } = Bun.YAML.parse(read('docker-compose.yml')) as {
    'x-service': { environment: Record<string, string | null> }
  }
  return new Map(Object.entries(service.environment).map(([name, value]) => [name, value ?? '']))
}

describe('the environment', () => {
  test('.env.example and the code name the same variables', () => {
    expect(Object.keys(exampleEnv()).sort()).toEqual(namesAskedFor())
  })
  test('every variable of .env.example is explained or speaks for itself in a group', () => {
    const groups = read('.env.example').split('\n\n').slice(1)
    expect(groups.length).toBeGreaterThan(5)
    for (const group of groups) expect(group).toStartWith('# ──')
  })
  test('.env.example as it stands is a configuration that can be used, but for the secret that nobody may keep', () => {
    expect(faultsOf(exampleEnv()).map((fault) => fault.split(' ')[0])).toEqual(['JWT_SECRET'])
    expect(faultsOf({ ...exampleEnv(), JWT_SECRET })).toEqual([])
  })
  test('no secret that the README shows is accepted', () => {
    const [, shown] = /^JWT_SECRET=(.*)$/m.exec(read('README.md')) ?? []
    expect(faultsOf({ ...exampleEnv(), JWT_SECRET: shown ?? JWT_SECRET })).toHaveLength(1)
  })
  test('what .env.example shows are the defaults', () => {
    const example: Record<string, string> = { ...exampleEnv(), JWT_SECRET }
    const required = Object.fromEntries(requiredNames().map((name) => [name, example[name]]))
    expect(parseConfig(example)).toEqual(parseConfig(required))
  })
  test('.env.example has placeholders where secrets belong', () => {
    const example = exampleEnv()
    for (const name of ['JWT_SECRET', 'S3_SECRET_ACCESS_KEY', 'S3_ACCESS_KEY_ID', 'DATABASE_URL']) {
      expect(example[name]).toContain('change-me')
    }
    expect([example.JWT_SECRET_PREVIOUS, example.METRICS_TOKEN]).toEqual(['', ''])
  })
  test('docker-compose.yml sets every variable that is required', () => {
    const set = composeEnvironment()
    for (const name of requiredNames())
      expect(set.get(name) || `${name} is not set`).toBe(set.get(name) ?? '')
    expect(requiredNames()).toContain('JWT_SECRET')
  })
  test('docker-compose.yml leaves out what operations.md says, and nothing else', () => {
    const [, sentence = ''] = /and leaves (.+?) at their defaults/s.exec(read('docs/operations.md')) ?? []
    const said = [...sentence.matchAll(/`(\w+)`/g)].map(([, name]) => name)
    const given = composeEnvironment()
    // The `PORT` of whoever starts it is the proxy's.
    const left = namesAskedFor().filter((name) => !given.has(name) && name !== 'PORT')
    expect(said.sort()).toEqual(left)
  })
  test('docker-compose.yml names no variable that the code does not know', () => {
    const known = new Set(namesAskedFor())
    expect([...composeEnvironment().keys()].filter((name) => !known.has(name))).toEqual([])
  })
})
