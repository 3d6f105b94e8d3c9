import { afterEach, beforeEach, expect, test } from 'bun:test'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FolderInUseError, holdFolder, readHolder } from '../../dev/data-folder.ts'
import { loadSecrets } from '../../dev/secrets.ts'
import { temporaryFolder } from './support.ts'

let folder: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder.drop())

test('a folder is held by one run at a time, and is free again when that one gives it back', () => {
  const held = holdFolder(folder.dir)
  expect(() => holdFolder(folder.dir)).toThrow(FolderInUseError)
  held.release()
  holdFolder(folder.dir).release()
})

test('what a killed run left behind does not hold the folder, though its number belongs to somebody else now', () => {
  const path = join(folder.dir, 'stack.json')
  const left = { pid: process.pid, identity: 'of another start', env: {}, clientUrl: null }
  writeFileSync(path, JSON.stringify(left))
  expect(readHolder(folder.dir)).toBeNull()
  holdFolder(folder.dir).release()
})

test('others read the stack of the run that holds the folder', () => {
  const held = holdFolder(folder.dir)
  held.publish({ env: { REDIS_URL: 'redis://here' }, clientUrl: 'http://localhost:3000' })
  expect(readHolder(folder.dir)?.env).toEqual({ REDIS_URL: 'redis://here' })
  held.release()
})

test('secrets are made once and are for their owner alone', () => {
  const first = loadSecrets(folder.dir)
  expect(loadSecrets(folder.dir)).toEqual(first)
  expect(Buffer.byteLength(first.jwtSecret)).toBeGreaterThanOrEqual(32)
  expect(statSync(join(folder.dir, 'secrets.json')).mode & 0o077).toBe(0)
  expect(readFileSync(join(folder.dir, 'secrets.json'), 'utf8')).toContain(first.databasePassword)
})
