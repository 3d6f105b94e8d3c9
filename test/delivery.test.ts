/** What is delivered names what the service knows: variables, metrics, targets, runbooks, and the address of a client. */
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { clientAddress } from '../src/http/client-address'

const ROOT = join(import.meta.dir, '..')
const read = (path: string): Promise<string> => Bun.file(join(ROOT, path)).text()
const findAll = (text: string, pattern: RegExp): string[] => [
  ...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? '')),
]

type Compose = { services: Record<string, { environment?: Record<string, string | null> }> }
type Fly = { env: Record<string, string> }

const knownVariables = findAll(await read('src/config.ts'), /'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)'/g)
const compose = Bun.YAML.parse(await read('docker-compose.yml')) as Compose
const fly = Bun.TOML.parse(await read('fly.toml')) as Fly
const kubernetesConfig = Object.fromEntries(
  findAll(await read('deploy/k8s/base/config.env'), /^([A-Z].*)$/gm).map((line) => line.split('=', 2)),
) as Record<string, string>
const kubernetesSecret = Bun.YAML.parse(await read('deploy/k8s/base/secret.yaml')) as {
  stringData: Record<string, string>
}

describe('variables', () => {
  const named: Record<string, Record<string, unknown>> = {
    'docker-compose.yml': compose.services.api?.environment ?? {},
    'fly.toml': fly.env,
    'deploy/k8s/base/config.env': kubernetesConfig,
    'deploy/k8s/base/secret.yaml': kubernetesSecret.stringData,
  }
  for (const [file, variables] of Object.entries(named)) {
    test(`${file} sets only variables that the service reads`, () => {
      expect(Object.keys(variables).filter((name) => !knownVariables.includes(name))).toEqual([])
      expect(Object.keys(variables).length).toBeGreaterThan(5)
    })
  }

  test('docs/operations.md explains each of them', async () => {
    const page = await read('docs/operations.md')
    expect(knownVariables.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
  })
})

test('docs/operations.md explains each log event', async () => {
  const files = ['worker.ts', ...new Bun.Glob('src/**/*.ts').scanSync(ROOT)].filter(
    (path) => !path.endsWith('.test.ts'),
  )
  const source = (await Promise.all(files.map(read))).join('\n')
  const events = findAll(source, /(?:event: |write\()'([a-z_]+)'/g)
  const [table = ''] = (await read('docs/operations.md')).match(/^## Log events$.*?(?=^## )/ms) ?? []
  expect(events.length).toBeGreaterThan(25)
  expect(events.filter((event) => !table.includes(`\`${event}\``))).toEqual([])
})

describe('metrics', () => {
  const series = async (): Promise<string[]> =>
    findAll(await read('src/platform/metrics.ts'), /'([a-z]+(?:_[a-z]+)+)'/g).filter(
      (name) => name.length > 9,
    )

  test('docs/operations.md explains each series', async () => {
    const page = await read('docs/operations.md')
    const names = await series()
    expect(names.length).toBeGreaterThan(15)
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
  })

  test('every alert has its runbook, and every runbook its alert', async () => {
    const alerts = findAll(await read('ops/prometheus/rules/alerts.yml'), /alert: (\w+)/g)
    const runbooks = findAll(await read('docs/operations.md'), /^### (\w+)$/gm)
    expect(runbooks.sort()).toEqual(alerts.sort())
  })
})

describe('the address of a client', () => {
  const client = '203.0.113.7'
  const forged = '198.51.100.1, 192.0.2.9'
  // What each proxy makes of a request that arrives with a forged header.
  const proxies: Record<string, { hops: number; header: string }> = {
    'the compose proxy': {
      hops: Number(compose.services.api?.environment?.TRUSTED_PROXY_HOPS),
      header: `${forged}, ${client}`,
    },
    'a Kubernetes ingress': {
      hops: Number(kubernetesConfig.TRUSTED_PROXY_HOPS),
      header: `${forged}, ${client}`,
    },
    'Fly.io, which adds the address of the app': {
      hops: Number(fly.env.TRUSTED_PROXY_HOPS),
      header: `${forged}, ${client}, 66.241.124.100`,
    },
  }
  for (const [proxy, { hops, header }] of Object.entries(proxies)) {
    test(`is the true one behind ${proxy}, whatever the client claims`, () => {
      expect(clientAddress(header, '10.0.0.2', hops)).toBe(client)
    })
  }
})

describe('pipelines', () => {
  const workflows = ['ci', 'release', 'codeql'].map((name) => `.github/workflows/${name}.yml`)

  test('use actions by commit only', async () => {
    for (const file of workflows) {
      const used = findAll(await read(file), /uses: (\S+)/g).filter((action) => !action.startsWith('./'))
      expect(used.filter((action) => !/@[0-9a-f]{40}$/.test(action))).toEqual([])
    }
  })

  test('call only targets that the Makefile has', async () => {
    const makefiles = ['Makefile', ...new Bun.Glob('make/*.mk').scanSync(ROOT)]
    const targets = findAll(
      (await Promise.all(makefiles.map(read))).join('\n'),
      /^([a-z][a-z0-9-]*)::?(?: |$)/gm,
    )
    for (const file of workflows) {
      const called = findAll(await read(file), /run: make ([a-z0-9- ]+)/g).flatMap((names) =>
        names.trim().split(' '),
      )
      expect(called.filter((target) => !targets.includes(target))).toEqual([])
    }
  })

  test('give no secret to a pull request', async () => {
    expect(await read('.github/workflows/ci.yml')).not.toContain('secrets.')
    for (const file of workflows) expect(await read(file)).not.toContain('pull_request_target')
  })
})
