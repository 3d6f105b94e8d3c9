/** What a day brings, in small: mostly reads, some writes, and a third that is refused for one reason or another. */

export type MixSource = Readonly<{ tokens: readonly string[]; stories: readonly string[] }>

const any = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)] as T
const scrap = () => Math.random().toString(36).slice(2)

const request = (method: string, path: string, token: string, body = '') =>
  `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n` +
  `${body === '' ? '' : 'Content-Type: application/json\r\n'}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

type Kind = Readonly<{ share: number; make: (source: MixSource) => string }>

const KINDS: readonly Kind[] = [
  { share: 50, make: ({ tokens }) => request('GET', '/feed', any(tokens)) },
  { share: 10, make: (from) => request('GET', `/stories/${any(from.stories)}`, any(from.tokens)) },
  { share: 5, make: (from) => request('POST', `/stories/${any(from.stories)}/view`, any(from.tokens)) },
  {
    share: 2,
    make: (from) =>
      request('POST', `/stories/${any(from.stories)}/reactions`, any(from.tokens), '{"emoji":"🔥"}'),
  },
  {
    share: 1,
    make: ({ tokens }) => request('POST', '/stories', any(tokens), '{"text":"x","visibility":"private"}'),
  },
  { share: 1, make: ({ tokens }) => request('GET', '/me/stats', any(tokens)) },
  { share: 8, make: () => request('GET', '/feed', `${scrap()}.${scrap()}.${scrap()}`) },
  { share: 8, make: ({ tokens }) => request('GET', `/${scrap()}/${scrap()}`, any(tokens)) },
  { share: 5, make: ({ tokens }) => request('GET', `/feed?cursor=${scrap()}`, any(tokens)) },
  { share: 4, make: ({ tokens }) => request('POST', '/stories', any(tokens), `{"text":"${scrap()}`) },
  { share: 4, make: ({ tokens }) => request('POST', '/stories', any(tokens), `{"${scrap()}":"${scrap()}"}`) },
  { share: 2, make: ({ tokens }) => request('GET', `/stories/${crypto.randomUUID()}`, any(tokens)) },
]
/** Each kind as often as its share says. */
const DECK = KINDS.flatMap((kind) => Array.from({ length: kind.share }, () => kind))

/** One request, as it goes onto the wire. */
export const nextRequest = (source: MixSource): string => any(DECK).make(source)
