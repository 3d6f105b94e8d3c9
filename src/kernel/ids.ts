import { randomBytes } from 'node:crypto'

/** A time-ordered UUID, version 7 (RFC 9562, section 5.7). */
export const newId = (): string => Bun.randomUUIDv7()

/** Unguessable text of `bytes` random bytes, base64url. */
export const newSecret = (bytes = 32): string => randomBytes(bytes).toString('base64url')

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export const isUuid = (text: string): boolean => UUID.test(text)
