/** The embedded stores keep what they were given, whatever end their last run had. */

import { afterAll, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import Redis from 'ioredis'
import postgres from 'postgres'
import { startObjectStore } from '../../dev/object-store.ts'
import { startPostgres } from '../../dev/postgres.ts'
import { startRedis } from '../../dev/redis.ts'
import { temporaryFolder } from './support.ts'

const { dir, drop } = temporaryFolder()
afterAll(drop)
const common = { dir, password: 'secret-of-this-test', throwAway: false, preferredPort: null, log: () => {} }

async function query(url: string, text: string): Promise<unknown[]> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    return [...(await sql.unsafe(text))]
  } finally {
    await sql.end()
  }
}

test('PostgreSQL comes up with its data after a kill, though the lock names a stranger', async () => {
  const first = await startPostgres(common)
  await query(first.url, 'create table kept (n int); insert into kept values (7)')
  process.kill(first.child.pid, 'SIGKILL')
  await first.child.exited
  const lock = join(dir, 'postgres', 'postmaster.pid')
  writeFileSync(lock, readFileSync(lock, 'utf8').replace(/^\d+/, String(process.pid)))

  const second = await startPostgres(common)
  expect(await query(second.url, 'select n from kept')).toEqual([{ n: 7 }])
  await second.stop()
}, 60_000)

test('PostgreSQL takes its folder back from a server that a killed run left running', async () => {
  const first = await startPostgres(common)
  const second = await startPostgres(common)
  expect(first.child.hasExited()).toBe(true)
  expect(await query(second.url, 'select count(*)::int as n from kept')).toEqual([{ n: 1 }])
  const settings = await query(second.url, "select current_setting('max_connections')::int >= 200 as enough")
  expect(settings).toEqual([{ enough: true }])
  await second.stop()
}, 60_000)

test('Redis keeps what was written over a restart, and lets nobody in without the password', async () => {
  const first = await startRedis(common)
  const before = new Redis(first.url)
  await before.set('kept', 'yes')
  before.disconnect()
  await first.stop()

  const second = await startRedis(common)
  const after = new Redis(second.url)
  expect(await after.get('kept')).toBe('yes')
  after.disconnect()
  const stranger = new Redis(Number(new URL(second.url).port), '127.0.0.1', { lazyConnect: true })
  stranger.on('error', () => {})
  await expect(stranger.get('kept')).rejects.toThrow('NOAUTH')
  stranger.disconnect()
  await second.stop()
})

test('the object store keeps objects and their types over a restart', async () => {
  const identity = { accessKeyId: 'me', secretAccessKey: 'a-secret', region: 'us-east-1', bucket: 'stories' }
  const open = () => {
    const server = startObjectStore({ ...identity, dir: join(dir, 'objects'), port: 0 })
    const client = new S3Client({
      endpoint: server.url,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: identity,
    })
    return { server, client }
  }
  const first = open()
  const object = { Bucket: 'stories', Key: 'media/ünï c', Body: 'bytes', ContentType: 'image/gif' }
  await first.client.send(new PutObjectCommand(object))
  await first.server.stop()

  const second = open()
  const read = await second.client.send(new GetObjectCommand({ Bucket: 'stories', Key: 'media/ünï c' }))
  expect([read.ContentType, await read.Body?.transformToString()]).toEqual(['image/gif', 'bytes'])
  await second.server.stop()
})
