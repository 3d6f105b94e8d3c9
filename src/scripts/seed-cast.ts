import type { Emoji } from '../kernel/emoji'

/** The demo cast of `make seed`: its people and their stories. */

export const SEED_PASSWORD = 'stories-demo-2026'

export const CAST = ['ava', 'ben', 'cleo', 'dov', 'eli', 'fay'] as const
export type CastName = (typeof CAST)[number]

export const emailOf = (name: CastName): string => `${name}@example.com`

/** Ben and ava follow each other; cleo is a stranger to both; dov is in an audience. */
export const FOLLOWS: readonly (readonly [CastName, CastName])[] = [
  ['ben', 'ava'],
  ['ava', 'ben'],
  ['dov', 'ava'],
  ['eli', 'ava'],
  ['eli', 'ben'],
  ['fay', 'cleo'],
  ['ava', 'eli'],
]

export type SeedStory = Readonly<{
  key: string
  author: CastName
  text?: string
  /** Top and bottom colour of a generated picture. */
  picture?: readonly [string, string]
  visibility: 'public' | 'friends' | 'private'
  audience?: readonly CastName[]
  viewedBy?: readonly CastName[]
  reactions?: Readonly<Partial<Record<CastName, Emoji>>>
}>

export const STORIES: readonly SeedStory[] = [
  {
    key: 'ava-morning',
    author: 'ava',
    text: 'First light over the harbour.',
    picture: ['#ffb86b', '#5b3b8c'],
    visibility: 'public',
    viewedBy: ['ben', 'cleo', 'eli'],
    reactions: { ben: '🔥', cleo: '😮' },
  },
  {
    key: 'ava-friends',
    author: 'ava',
    text: 'Only for those who follow me: dinner at eight?',
    visibility: 'friends',
    viewedBy: ['ben'],
    reactions: { ben: '❤️' },
  },
  {
    key: 'ava-chosen',
    author: 'ava',
    text: 'A surprise for ben, keep it quiet.',
    visibility: 'friends',
    audience: ['dov'],
  },
  { key: 'ava-private', author: 'ava', text: 'Note to self: buy film.', visibility: 'private' },
  {
    key: 'ben-ride',
    author: 'ben',
    text: 'Forty kilometres before breakfast.',
    picture: ['#6bd6c0', '#14506b'],
    visibility: 'public',
    viewedBy: ['ava', 'fay'],
    reactions: { ava: '👍', fay: '🔥' },
  },
  {
    key: 'ben-friends',
    author: 'ben',
    text: 'The tent leaks. Of course it does.',
    visibility: 'friends',
    reactions: { ava: '😂' },
    viewedBy: ['ava'],
  },
  {
    key: 'cleo-public',
    author: 'cleo',
    text: 'New sketchbook, first page.',
    picture: ['#f4a6c0', '#7a2848'],
    visibility: 'public',
    viewedBy: ['fay'],
  },
  { key: 'cleo-friends', author: 'cleo', text: 'Half of it is crossed out already.', visibility: 'friends' },
  {
    key: 'dov-public',
    author: 'dov',
    text: 'Does anybody have a spare amplifier for Saturday?',
    visibility: 'public',
  },
  {
    key: 'eli-public',
    author: 'eli',
    text: 'Rain all day, soup all evening.',
    picture: ['#9fb8d8', '#26364f'],
    visibility: 'public',
    viewedBy: ['ava'],
    reactions: { ava: '😢' },
  },
]
