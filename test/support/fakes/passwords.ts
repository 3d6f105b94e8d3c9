import type { Passwords } from '../../../src/platform/passwords'

/** Hashes that can be read; slow only in the real ones. */
export const fakePasswords = (): Passwords => ({
  hash: async (password) => `hashed:${password}`,
  verify: async (password, hash) => hash === `hashed:${password}`,
})
