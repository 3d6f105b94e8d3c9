import { describe, expect, test } from 'bun:test'
import { chooseKind, readGiven } from './choose-stack.ts'
import { testEnv } from './test-stack.ts'

const bucket = { S3_ENDPOINT: 'http://minio:9000', S3_ACCESS_KEY_ID: 'me', S3_SECRET_ACCESS_KEY: 'secret' }

describe('where the stack comes from', () => {
  test('each piece whose address is given is used as given', () => {
    const given = readGiven({ DATABASE_URL: 'postgres://db/x', ...bucket, S3_FORCE_PATH_STYLE: 'false' })
    expect(given.databaseUrl).toBe('postgres://db/x')
    expect(given.redisUrl).toBeNull()
    expect(given.s3).toMatchObject({
      endpoint: 'http://minio:9000',
      publicEndpoint: 'http://minio:9000',
      forcePathStyle: false,
    })
  })

  test('STACK wins over every given address', async () => {
    const env = { STACK: 'embedded', DATABASE_URL: 'postgres://db/x', REDIS_URL: 'redis://r', ...bucket }
    expect(readGiven(env)).toEqual({ databaseUrl: null, redisUrl: null, s3: null })
    expect(await chooseKind(env, ['postgres'], null, () => {})).toBe('embedded')
  })

  test('a STACK that is neither is refused by name', async () => {
    await expect(chooseKind({ STACK: 'dokcer' }, [], null, () => {})).rejects.toThrow('"dokcer"')
  })

  test('a test process sees no address but its own stack', () => {
    const env = testEnv(
      { HOME: '/h', DATABASE_URL: 'postgres://mine', REDIS_URL: 'redis://mine', ...bucket },
      null,
    )
    expect(env).toEqual({ HOME: '/h' })
  })
})
