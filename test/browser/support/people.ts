/** People of a test, made through the service itself, and the calls that set a scene without a browser. */
import type { NewStory, Session, Story } from '../../../web/api-types.ts'

export const PASSWORD = 'a long enough password'

export type Person = {
  handle: string
  email: string
  session: Session
  call<Answer>(method: string, path: string, body?: unknown): Promise<Answer>
  post(story: Partial<NewStory>): Promise<Story>
}

/** Signs somebody up whose handle begins with `name` and is used by nobody else. */
export async function makePerson(url: string, name: string): Promise<Person> {
  const handle = `${name}_${crypto.randomUUID().slice(0, 8)}`
  return join(url, handle, `${handle}@example.com`, PASSWORD)
}

/** Signs a person up, or logs in when there is one already. */
export async function join(url: string, handle: string, email: string, password: string): Promise<Person> {
  const send = async (path: string, body: unknown) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
  const made = await send('/auth/signup', { email, password, handle })
  const answer = made.status === 409 ? await send('/auth/login', { email, password }) : made
  if (!answer.ok) throw new Error(`${handle} cannot sign up: ${answer.status} ${await answer.text()}`)
  const session = (await answer.json()) as Session

  async function call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${session.access_token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (response.status === 204 ? undefined : await response.json()) as Answer
  }
  return {
    handle,
    email,
    session,
    call,
    post: (story) => call<Story>('POST', '/stories', { visibility: 'public', ...story }),
  }
}

type Place = { media_key: string; upload: { url: string; headers: Record<string, string> } }

/** Posts a file, put where the service says, with words if any are given. */
export async function postMedia(person: Person, bytes: Buffer, type: string, text?: string): Promise<Story> {
  const size = bytes.length
  const place = await person.call<Place>('POST', '/media/uploads', { content_type: type, size })
  const put = await fetch(place.upload.url, {
    method: 'PUT',
    headers: place.upload.headers,
    body: new Uint8Array(bytes),
  })
  if (!put.ok) throw new Error(`the bucket answered ${put.status}`)
  return person.post({ media_key: place.media_key, ...(text ? { text } : {}) })
}
