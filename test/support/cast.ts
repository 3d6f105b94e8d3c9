import type { Role, Viewer } from '../../src/kernel/viewer'
import { NOON } from './fakes/clock'

/** The same people in every test. */
export type Person = Readonly<{ id: string; handle: string; email: string; role: Role }>

const person = (number: number, handle: string, role: Role = 'user'): Person => ({
  id: `019c0000-0000-7000-8000-00000000000${number}`,
  handle,
  email: `${handle}@example.com`,
  role,
})

/** The author. */
export const ava = person(1, 'ava')
/** Follows ava. */
export const ben = person(2, 'ben')
/** A stranger to all. */
export const cleo = person(3, 'cleo')
/** In the audience of one of ava's stories. */
export const dov = person(4, 'dov')
/** Moderates. */
export const mod = person(5, 'mod', 'admin')

export const CAST: readonly Person[] = [ava, ben, cleo, dov, mod]

/** The person as one who asks, with a token that is good for a quarter of an hour. */
export const viewerOf = ({ id, role }: Person): Viewer => ({
  id,
  role,
  tokenExpiresAt: new Date(NOON.getTime() + 900_000),
})
