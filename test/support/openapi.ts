import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2019, type ValidateFunction } from 'ajv/dist/2019'

/** Holds answers against docs/openapi.json: status, media type, headers and every field, none beyond the named ones. */

export type Json = { [key: string]: Json } | Json[] | string | number | boolean | null
export type JsonObject = { [key: string]: Json }
type Media = { schema?: JsonObject; example?: Json }
type DocumentedAnswer = { headers?: JsonObject; content?: Record<string, Media> }
export type Operation = {
  responses: Record<string, DocumentedAnswer>
  parameters?: JsonObject[]
  requestBody?: { content: Record<string, Media> }
  security?: Json[]
  summary?: string
  tags?: string[]
}
export type OpenApi = {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, JsonObject> }
}

const DOCUMENT_FILE = join(import.meta.dir, '../../docs/openapi.json')
export const readDocument = (): OpenApi => JSON.parse(readFileSync(DOCUMENT_FILE, 'utf8'))
const document = readDocument()

const ajv = new Ajv2019({ strict: false, allErrors: true })
ajv.addFormat('uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
ajv.addFormat('date-time', /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
ajv.addFormat('date', /^\d{4}-\d{2}-\d{2}$/)

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The schema with its references put in, and every object closed to fields that it does not name. */
function closedSchema(schema: JsonObject, closing = true): JsonObject {
  const { $ref, ...own } = schema
  if (typeof $ref === 'string') {
    const name = $ref.split('/').at(-1) ?? ''
    const target = document.components.schemas[name]
    if (target === undefined) throw new Error(`The document has no ${$ref}`)
    return closedSchema({ ...target, ...own }, closing)
  }
  const closed: JsonObject = {}
  for (const [key, value] of Object.entries(own)) {
    if (key === 'properties' && isObject(value)) {
      const fields = Object.entries(value).map(([name, item]) => [
        name,
        isObject(item) ? closedSchema(item) : item,
      ])
      closed.properties = Object.fromEntries(fields)
    } else if (Array.isArray(value) && ['allOf', 'anyOf', 'oneOf'].includes(key)) {
      closed[key] = value.map((item) => (isObject(item) ? closedSchema(item, key !== 'allOf') : item))
    } else closed[key] = isObject(value) && key === 'items' ? closedSchema(value) : value
  }
  const isClosable =
    (closed.properties !== undefined || closed.allOf !== undefined) && !isObject(closed.additionalProperties)
  return closing && isClosable ? { ...closed, unevaluatedProperties: false } : closed
}

const compiled = new Map<string, ValidateFunction>()

/** The faults of a value by a schema of the document; none when it is as described. */
export function faultsOf(schema: JsonObject, value: unknown): string[] {
  const key = JSON.stringify(schema)
  const validate = compiled.get(key) ?? ajv.compile(closedSchema(schema))
  compiled.set(key, validate)
  if (validate(value)) return []
  return (validate.errors ?? []).map(
    (error) => `${error.instancePath || 'body'} ${error.message} ${JSON.stringify(error.params)}`,
  )
}

/** The operation behind a method and a raw path; a literal segment wins over a parameter. */
function findOperation(method: string, path: string): Operation | null {
  const patterns = Object.keys(document.paths).sort((a, b) => a.split('{').length - b.split('{').length)
  const pattern = patterns.find((item) => new RegExp(`^${item.replace(/\{\w+\}/g, '[^/]+')}$`).test(path))
  return pattern === undefined ? null : (document.paths[pattern]?.[method.toLowerCase()] ?? null)
}

/** Told of with an answer, so the document has to tell of them too. */
const TOLD_HEADERS = /^(x-request-id|ratelimit-.*|retry-after|location|idempotent-replayed|www-authenticate)$/

/**
 * Compares an answer with what the document says of its route and status.
 *
 * @throws Error naming every difference; routes that are not in the document must answer 404, 405 or 414
 */
export function checkAnswer(method: string, path: string, answer: Response, text: string): void {
  const where = `${method} ${path} ${answer.status}`
  const operation = findOperation(method, path)
  if (operation === null) {
    if ([404, 405, 414].includes(answer.status)) return
    throw new Error(`${where}: the document has no such route`)
  }
  const documented = operation.responses[String(answer.status)]
  if (documented === undefined) throw new Error(`${where}: the document does not name this status`)
  const named = new Set(Object.keys(documented.headers ?? {}).map((name) => name.toLowerCase()))
  const untold = [...answer.headers.keys()].filter((name) => TOLD_HEADERS.test(name) && !named.has(name))
  if (untold.length > 0)
    throw new Error(`${where}: the document does not name the header ${untold.join(', ')}`)

  const type = answer.headers.get('content-type')?.split(';')[0] ?? null
  const content = Object.entries(documented.content ?? {})
  if (content.length === 0) {
    if (text !== '') throw new Error(`${where}: has a body, the document says none`)
    return
  }
  const media = content.find(([name]) => name === type)?.[1]
  if (media === undefined)
    throw new Error(`${where}: is ${type}, not ${content.map(([name]) => name).join(' or ')}`)
  if (media.schema === undefined || !type?.endsWith('json')) return
  const faults = faultsOf(media.schema, JSON.parse(text))
  if (faults.length > 0) throw new Error(`${where} is not as documented:\n  ${faults.join('\n  ')}\n${text}`)
}
