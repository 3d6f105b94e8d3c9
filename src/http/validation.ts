import type { ValidationError } from 'elysia'
import type { FieldError } from '../kernel/errors'

/** What a schema refused, as field names and words for people. */

type SchemaFault = Readonly<{
  path: string
  message: string
  schema: Readonly<Record<string, unknown>>
  value: unknown
}>

const FAULTS_MAX = 20

export function fieldErrorsOf(error: ValidationError): FieldError[] {
  const faults = [
    ...(error.validator as { Errors(value: unknown): Iterable<SchemaFault> }).Errors(error.value),
  ]
  const byField = new Map<string, string>()
  for (const fault of faults) {
    const field = fieldName(fault.path)
    if (!byField.has(field)) byField.set(field, wordsFor(fault))
    if (byField.size >= FAULTS_MAX) break
  }
  return [...byField].map(([field, message]) => ({ field, message }))
}

/** JSON pointer (RFC 6901) to the dotted name that forms use; the body itself is `body`. */
const fieldName = (pointer: string): string =>
  pointer === ''
    ? 'body'
    : pointer.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~').slice(0, 100)

function wordsFor({ message, schema, value }: SchemaFault): string {
  if (message === 'Unexpected property') return 'is not a known field'
  if (value === undefined) return 'is required'
  const said = schema.errorText
  if (typeof said === 'string') return said
  const inner = onlyNonNull(schema)
  if (inner !== null) return wordsFor({ path: '', message, schema: inner, value })
  const choices = choicesOf(schema)
  if (choices !== null) return `must be one of ${choices.join(', ')}`
  if (schema.type === 'integer' || schema.type === 'number') {
    return `must be a whole number from ${schema.minimum} to ${schema.maximum}`
  }
  if (schema.type === 'array' && typeof schema.maxItems === 'number') {
    const items = (schema.items as { format?: unknown } | undefined)?.format === 'uuid' ? 'UUIDs' : 'items'
    return `must be a list of ${schema.minItems ?? 0} to ${schema.maxItems} ${items}`
  }
  if (schema.format === 'uuid') return 'must be a UUID'
  if (schema.type === 'string')
    return typeof value === 'string' ? 'is too short, too long or not of the right form' : 'must be text'
  if (schema.type === 'object') return 'must be an object'
  return 'is not acceptable'
}

/** The schema beside null, for a field that may be null. */
function onlyNonNull(schema: SchemaFault['schema']): SchemaFault['schema'] | null {
  if (!Array.isArray(schema.anyOf)) return null
  const others = schema.anyOf.filter((item: { type?: unknown }) => item.type !== 'null')
  return others.length === 1 && others.length < schema.anyOf.length ? others[0] : null
}

function choicesOf(schema: SchemaFault['schema']): unknown[] | null {
  if (Array.isArray(schema.enum)) return schema.enum
  if (!Array.isArray(schema.anyOf)) return null
  const choices = schema.anyOf.map((item: { const?: unknown }) => item.const)
  return choices.every((item) => item !== undefined) ? choices : null
}
