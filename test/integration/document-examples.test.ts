import { expect, test } from 'bun:test'
import { useStage } from '../support/context'
import { type Json, type JsonObject, readDocument } from '../support/openapi'

/** Swagger UI fills its forms with the document's examples; whoever presses Execute should not get a problem. */

const stage = useStage()
const document = readDocument()

/** What Swagger UI offers to send: the body's own example, or one of all of its fields' examples. */
function exampleBody(path: string): Json {
  const body = document.paths[path]?.post?.requestBody?.content['application/json']?.schema
  if (!body) throw new Error(`POST ${path} takes no body`)
  if (body.example !== undefined) return body.example
  const fields = Object.entries(body.properties as Record<string, JsonObject>)
  return Object.fromEntries(fields.map(([name, field]) => [name, field.example ?? field.type ?? null]))
}

test('the bodies that the document offers are taken as they are', async () => {
  const { api } = stage.instance()
  const example = (path: string, token?: string, at = path) =>
    api.call('POST', at, { body: exampleBody(path), token })
  expect((await example('/auth/signup')).status).toBe(201)
  const { access_token: token } = (await example('/auth/login')).as<{ access_token: string }>()
  expect((await example('/media/uploads', token)).status).toBe(201)
  const story = (await example('/stories', token)).as<{ id: string }>(201)
  expect((await example('/stories/{id}/reactions', token, `/stories/${story.id}/reactions`)).status).toBe(201)
  // No document can hold a token that is still good.
  expect((await example('/auth/refresh')).code).toBe('invalid_refresh_token')
  expect((await example('/auth/logout')).status).toBe(204)
  const taken = Object.entries(document.paths).filter(([, methods]) => methods.post?.requestBody)
  expect(taken.length).toBe(7)
})
