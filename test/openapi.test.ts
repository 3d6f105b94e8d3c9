import { beforeAll, describe, expect, test } from 'bun:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { buildRoutes } from '../src/app'
import { createDocs, withDocument } from '../src/http/openapi'
import { version } from '../src/version'
import { startApi } from './support/client'
import { fakeContext } from './support/fake-context'
import {
  faultsOf,
  type Json,
  type JsonObject,
  type OpenApi,
  type Operation,
  readDocument,
} from './support/openapi'

const document = readDocument()
const routes = buildRoutes(fakeContext().ctx)
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(
    ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
  ),
)
let written: OpenApi

/** Every object in the document, with where it is. */
function* objectsIn(value: Json, at = ''): Generator<[string, JsonObject]> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield [at, value]
  for (const [key, item] of Object.entries(value)) yield* objectsIn(item, `${at}/${key}`)
}

beforeAll(async () => {
  written = (await withDocument(routes, version)) as unknown as OpenApi
})

describe('docs/openapi.json', () => {
  test('is what the code says; `bun src/scripts/write-openapi.ts` writes it anew', () => {
    expect(document).toEqual(JSON.parse(JSON.stringify(written)))
  })
  test('is valid OpenAPI 3.0.3', async () => {
    const result = await new Validator().validate(JSON.parse(JSON.stringify(document)))
    expect(result.errors ?? []).toEqual([])
    expect(result.valid).toBe(true)
    expect(document.openapi).toBe('3.0.3')
  })
  test('has every route, and no other', () => {
    const real = routes.routes.map(
      ({ method, path }): string => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`,
    )
    expect(operations.map(([name]): string => name).sort()).toEqual(real.sort())
  })
  test('is served under /docs/json', async () => {
    const api = await startApi()
    const served = (await (await api.fetch('GET', '/docs/json')).json()) as OpenApi
    expect(Object.keys(served.paths).sort()).toEqual(Object.keys(document.paths).sort())
  })
  test('is written anew when writing it failed', async () => {
    let isShort = true
    const pages = createDocs(async () => {
      if (isShort) throw new Error('too many open files')
      return {}
    })
    const ask = async () => pages.respond(new Request('http://localhost/docs/json'), '/docs/json')
    await expect(ask()).rejects.toThrow('too many')
    isShort = false
    expect((await ask())?.status).toBe(200)
  })
  test('knows the bearer scheme', () => {
    expect(JSON.stringify(document)).toContain(
      '"bearer":{"type":"http","scheme":"bearer","bearerFormat":"JWT"}',
    )
  })
})

describe('each operation', () => {
  const each = test.each(operations.map(([name, operation]) => [name, operation] as const))
  const statuses = (operation: Operation) => Object.keys(operation.responses)
  const problems = ['500', '503']

  each('%s has words, a tag and the answers that any may have', (_, operation) => {
    expect(operation.summary?.length).toBeGreaterThan(3)
    expect(operation.tags).toHaveLength(1)
    expect(statuses(operation)).toEqual(expect.arrayContaining(problems))
    expect(statuses(operation).some((status) => status.startsWith('2'))).toBe(true)
    if (operation.security === undefined) expect(statuses(operation)).toContain('401')
  })
  each('%s names what can be wrong with what it takes', (name, operation) => {
    if (operation.requestBody !== undefined) {
      expect(statuses(operation)).toEqual(expect.arrayContaining(['400', '408', '413', '415', '422']))
      expect(Object.keys(operation.requestBody.content)).toEqual(['application/json'])
    }
    if (name.includes('{')) expect(statuses(operation)).toContain('422')
    if (operation.parameters?.some((item) => item.name === 'cursor'))
      expect(statuses(operation)).toContain('400')
  })
  each('%s gives each problem as a problem document', (_, operation) => {
    for (const [status, answer] of Object.entries(operation.responses)) {
      const types = Object.keys(answer.content ?? {})
      if (Number(status) < 400 || types.includes('application/json')) continue
      expect(types).toEqual(['application/problem+json'])
    }
  })
  each('%s names the request id of every answer, and when to come back', (_, operation) => {
    for (const [status, answer] of Object.entries(operation.responses)) {
      expect(Object.keys(answer.headers ?? {})).toContain('X-Request-Id')
      if (['429', '503'].includes(status)) expect(Object.keys(answer.headers ?? {})).toContain('Retry-After')
    }
  })
})

describe('the schemas', () => {
  const bodies = operations.flatMap(([name, { requestBody }]) => {
    const schema = requestBody?.content['application/json']?.schema
    return schema === undefined ? [] : [[name, schema] as const]
  })

  test('use no words that OpenAPI 3.0 does not know', () => {
    const foreign = [
      'const',
      'examples',
      'errorText',
      'integer',
      'patternProperties',
      '$id',
      '$schema',
      'x-request-headers',
    ]
    for (const [at, object] of objectsIn(document as unknown as Json)) {
      if (at.endsWith('/properties')) continue
      expect({ at, found: foreign.filter((word) => word in object) }).toEqual({ at, found: [] })
      expect({ at, type: object.type === 'null' || Array.isArray(object.type) }).toEqual({ at, type: false })
    }
  })
  test('have no reference that leads nowhere', () => {
    const names = new Set(
      Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`),
    )
    for (const [at, object] of objectsIn(document as unknown as Json)) {
      if (typeof object.$ref === 'string')
        expect({ at, known: names.has(object.$ref) }).toEqual({ at, known: true })
    }
  })
  test.each(bodies)('%s takes no field that it does not name', (_, schema) => {
    const name =
      String(schema.$ref ?? '')
        .split('/')
        .at(-1) ?? ''
    const body = document.components.schemas[name] ?? schema
    expect(body.additionalProperties).toBe(false)
  })
  test('have examples that are as described', () => {
    const examples = [...objectsIn(document as unknown as Json)].filter(
      ([at, object]) =>
        object.example !== undefined && object.type !== undefined && !at.endsWith('/properties'),
    )
    expect(examples.length).toBeGreaterThan(10)
    for (const [at, schema] of examples) {
      expect({ at, faults: faultsOf(schema, schema.example) }).toEqual({ at, faults: [] })
    }
  })
  test.each(bodies)('%s has an example for whoever tries it out', (_, schema) => {
    const name =
      String(schema.$ref ?? '')
        .split('/')
        .at(-1) ?? ''
    const found = [...objectsIn((document.components.schemas[name] ?? schema) as Json)]
    expect(found.some(([, object]) => object.example !== undefined)).toBe(true)
  })
})
