import { join } from 'node:path'
import { type AnyElysia, Elysia } from 'elysia'
import { REQUEST_HEADERS } from './describe'
import type { Pages } from './gateway'

/** The OpenAPI document and Swagger UI, from files of our own, so that both work offline and under the CSP. */

type Json = { [key: string]: Json } | Json[] | string | number | boolean | null

const DESCRIPTION =
  'Short-lived stories: public, for friends or private, gone after 24 hours. Every answer carries `X-Request-Id`. ' +
  'Errors are problem documents (RFC 9457) with a stable `code`.'

const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'request_id'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string' },
    request_id: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['field', 'message'],
        properties: { field: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
  example: {
    type: 'urn:stories:problem:validation_failed',
    title: 'Not acceptable as sent',
    status: 422,
    detail: 'text: must have at most 500 characters',
    code: 'validation_failed',
    request_id: '019c0000-0000-7000-8000-000000000000',
    errors: [{ field: 'text', message: 'must have at most 500 characters' }],
  },
}

/** Writes the document of an app's routes. */
export async function withDocument(routes: AnyElysia, version: string): Promise<Json> {
  // Asked for seldom, and no start should wait for it.
  const { swagger } = await import('@elysiajs/swagger')
  const documented = new Elysia().use(
    swagger({
      path: '/docs',
      documentation: {
        info: { title: 'Stories Service', version, description: DESCRIPTION },
        components: {
          securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
          schemas: { Problem: PROBLEM as object },
        },
        security: [{ bearer: [] }],
      },
    }),
  )
  const answer = await documented.use(routes).handle(new Request('http://localhost/docs/json'))
  const named = new Map<string, Json>()
  const document = tidy((await answer.json()) as Json, named)
  if (isObject(document) && isObject(document.components) && isObject(document.components.schemas)) {
    Object.assign(
      document.components.schemas,
      Object.fromEntries([...named].sort(([a], [b]) => a.localeCompare(b))),
    )
  }
  return document
}

const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Makes the plugin's document say what is true: JSON bodies only, OpenAPI 3.0's way to say null, and each titled schema
 * once, under its title.
 */
function tidy(value: Json, named: Map<string, Json>): Json {
  if (Array.isArray(value)) return value.map((item) => tidy(item, named))
  if (!isObject(value)) return value
  const entries = Object.entries(value).map(([key, item]) => [key, tidy(item, named)] as const)
  const tidied: { [key: string]: Json } = Object.fromEntries(entries)
  dropTwins(tidied)
  joinParameters(tidied)
  delete tidied.errorText
  if (isObject(tidied.integer)) {
    Object.assign(tidied, tidied.integer, { type: 'integer' })
    delete tidied.integer
  }
  if (isObject(tidied.patternProperties)) {
    tidied.additionalProperties = Object.values(tidied.patternProperties)[0] ?? true
    delete tidied.patternProperties
  }
  if (Array.isArray(tidied.examples)) {
    tidied.example ??= tidied.examples[0] ?? null
    delete tidied.examples
  }
  const schema = nullable(enumerated(tidied))
  if (schema.type !== 'object' || typeof schema.title !== 'string') return schema
  const { title, ...rest } = schema
  named.set(title as string, rest)
  return { $ref: `#/components/schemas/${title}` }
}

function dropTwins(schema: { [key: string]: Json }): void {
  const { requestBody } = schema
  if (!isObject(requestBody) || !isObject(requestBody.content)) return
  const json = requestBody.content['application/json']
  if (json !== undefined) requestBody.content = { 'application/json': json }
  requestBody.required = true
}

function joinParameters(operation: { [key: string]: Json }): void {
  const { parameters, [REQUEST_HEADERS]: headers } = operation
  if (!Array.isArray(headers)) return
  operation.parameters = [...(Array.isArray(parameters) ? parameters : []), ...headers]
  delete operation[REQUEST_HEADERS]
}

const isNull = (item: Json): boolean => isObject(item) && item.type === 'null'

function nullable(schema: { [key: string]: Json }): { [key: string]: Json } {
  const { anyOf, ...rest } = schema
  if (!Array.isArray(anyOf) || !anyOf.some(isNull)) return schema
  const others = anyOf.filter((item) => !isNull(item))
  const only = others.length === 1 ? others[0] : undefined
  return isObject(only) ? { ...rest, ...only, nullable: true } : { ...rest, anyOf: others, nullable: true }
}

function enumerated(schema: { [key: string]: Json }): { [key: string]: Json } {
  const { anyOf, const: constant, ...rest } = schema
  if (constant !== undefined) return { ...rest, enum: [constant] }
  const values = Array.isArray(anyOf)
    ? anyOf.map((item) => (isObject(item) && Array.isArray(item.enum) ? item.enum[0] : undefined))
    : []
  if (values.length === 0 || values.some((item) => item === undefined)) return schema
  return { ...rest, type: 'string', enum: values as Json[] }
}

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Stories Service: API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
    <link rel="icon" href="data:," />
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`
const START = `SwaggerUIBundle({ url: '/docs/json', dom_id: '#swagger-ui', deepLinking: true, persistAuthorization: false })\n`

/** Answers `/docs` and what belongs to it; the document is written at the first request for it. */
export function createDocs(write: () => Promise<Json>): Pages {
  const uiFolder = join(import.meta.dir, '../../node_modules/swagger-ui-dist')
  let document: Promise<string> | undefined
  const file = (name: string) => () => new Response(Bun.file(join(uiFolder, name)))
  const text = (body: string, type: string) => new Response(body, { headers: { 'Content-Type': type } })
  const files = new Map<string, () => Response | Promise<Response>>([
    ['/docs', () => text(PAGE, 'text/html; charset=utf-8')],
    ['/docs/start.js', () => text(START, 'text/javascript; charset=utf-8')],
    ['/docs/swagger-ui.css', file('swagger-ui.css')],
    ['/docs/swagger-ui-bundle.js', file('swagger-ui-bundle.js')],
    [
      '/docs/json',
      async () => {
        document ??= write().then(
          (json) => JSON.stringify(json),
          (error: unknown) => {
            // What failed for want of memory or files is tried anew by the next who asks.
            document = undefined
            throw error
          },
        )
        return text(await document, 'application/json')
      },
    ],
  ])
  return {
    respond: (request, pathname) =>
      request.method === 'GET' || request.method === 'HEAD' ? (files.get(pathname)?.() ?? null) : null,
  }
}
