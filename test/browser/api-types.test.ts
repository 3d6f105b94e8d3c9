import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dir, '../..')

type Schema = {
  type?: string
  nullable?: boolean
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
  allOf?: Schema[]
  $ref?: string
}
type Operation = { responses: Record<string, { content?: Record<string, { schema?: Schema }> }> }
type Document = {
  paths: Record<string, Record<string, Operation>>
  components?: { schemas?: Record<string, Schema> }
}

const openapi = JSON.parse(readFileSync(join(root, 'docs/openapi.json'), 'utf8')) as Document
const source = readFileSync(join(root, 'web/api-types.ts'), 'utf8')

/** The fields of `export type Name = { … }`, each with whether it may be left out or null. */
function fieldsOf(name: string): string[] {
  const body = new RegExp(`export type ${name}(?:<\\w+>)? = \\{\\n([\\s\\S]*?)\\n\\}`).exec(source)?.[1]
  if (!body) throw new Error(`web/api-types.ts has no type ${name}`)
  const fields = [...body.matchAll(/^ {2}(\w+)(\??): (.*)$/gm)]
  return fields.map(
    ([, field, optional, type]) => `${field}${optional}${/\| null$/.test(type ?? '') ? ' or null' : ''}`,
  )
}

function resolve(schema: Schema | undefined): Schema {
  const name = schema?.$ref?.split('/').pop()
  return name ? resolve(openapi.components?.schemas?.[name]) : (schema ?? {})
}

function isNullable(schema: Schema): boolean {
  return schema.nullable === true || (schema.anyOf ?? []).some((choice) => choice.type === 'null')
}

/** The same description from the OpenAPI document. */
function describeSchema(schema: Schema): string[] {
  const { properties = {}, required = [] } = resolve(schema)
  return Object.entries(properties).map(
    ([field, value]) =>
      `${field}${required.includes(field) ? '' : '?'}${isNullable(resolve(value)) ? ' or null' : ''}`,
  )
}

function answerOf(call: string, status: string): Schema {
  const [method = '', path = ''] = call.split(' ')
  const operation = openapi.paths[path]?.[method.toLowerCase()]
  if (!operation) throw new Error(`docs/openapi.json has no ${call}`)
  return resolve(operation.responses[status]?.content?.['application/json']?.schema)
}

const itemOf = (page: Schema) => resolve(resolve(page.properties?.items).items)

describe('the types of the client are those of the OpenAPI document', () => {
  const answers = [
    ['Session', 'POST /auth/signup', '201'],
    ['User', 'GET /me', '200'],
    ['Story', 'GET /stories/{id}', '200'],
    ['Page', 'GET /feed', '200'],
    ['View', 'POST /stories/{id}/view', '200'],
    ['Reaction', 'POST /stories/{id}/reactions', '201'],
    ['Upload', 'POST /media/uploads', '201'],
    ['Stats', 'GET /me/stats', '200'],
    ['Person', 'GET /users/{id}', '200'],
  ] as const
  test.each(answers)('%s is the answer of %s', (name, call, status) => {
    expect(fieldsOf(name).sort()).toEqual(describeSchema(answerOf(call, status)).sort())
  })

  const items = [
    ['Story', 'GET /feed'],
    ['TrayEntry', 'GET /feed/authors'],
    ['StoryViewer', 'GET /stories/{id}/viewers'],
    ['FollowedPerson', 'GET /me/following'],
    ['FoundPerson', 'GET /users'],
  ] as const
  test.each(items)('%s is an item of %s', (name, call) => {
    expect(fieldsOf(name).sort()).toEqual(describeSchema(itemOf(answerOf(call, '200'))).sort())
  })
})
