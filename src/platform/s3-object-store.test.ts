import { describe, expect, test } from 'bun:test'
import { fakeContext } from '../../test/support/fake-context'
import { fakeClock, NOON } from '../../test/support/fakes/clock'
import { createS3ObjectStore } from './s3-object-store'

/** What is signed, which needs no store; that a store holds to it is in `object-store.contract.test.ts`. */

function setUp(uploadUrlTtlSeconds = 300) {
  const clock = fakeClock()
  const { config } = fakeContext({ config: { uploadUrlTtlSeconds } }).ctx
  return { clock, objects: createS3ObjectStore(config, clock) }
}

/** Until when a store takes the URL. */
function endMsOf(url: string): number {
  const query = new URL(url).searchParams
  const signedAt = query.get('X-Amz-Date')?.replace(/(....)(..)(..T..)(..)(..)/, '$1-$2-$3:$4:$5')
  return Date.parse(signedAt ?? '') + Number(query.get('X-Amz-Expires')) * 1000
}

/** A URL may have lain in a cached page as long as that. */
const FEED_CACHE_SECONDS_MAX = 60

test('a media_url is good for 10 to 15 minutes from the answer, whenever that is', async () => {
  const { clock, objects } = setUp()
  for (let i = 0; i < 200; i++) {
    const leftSeconds = (endMsOf(await objects.urlFor('media/one')) - clock.nowMs()) / 1000
    expect(leftSeconds).toBeGreaterThanOrEqual(10 * 60 + FEED_CACHE_SECONDS_MAX)
    expect(leftSeconds).toBeLessThanOrEqual(15 * 60)
    clock.advance(7.001)
  }
})

describe('an upload', () => {
  test.each([1, 300, 3600])('may be made for the %d s that are configured, and says so', async (seconds) => {
    const { url, expires_at } = await setUp(seconds).objects.presignPut('media/one', 'image/png', 70)
    expect(endMsOf(url)).toBe(NOON.getTime() + seconds * 1000)
    expect(expires_at).toBe(new Date(endMsOf(url)).toISOString())
  })
  test('is bound to its host, type and size, and to a key that is free', async () => {
    const { objects } = setUp()
    const signedFor = async (contentType: string, sizeBytes: number) => {
      const { url } = await objects.presignPut('media/one', contentType, sizeBytes)
      const query = new URL(url).searchParams
      expect(query.get('X-Amz-SignedHeaders')).toBe('content-length;content-type;host;if-none-match')
      return query.get('X-Amz-Signature')
    }
    const one = await signedFor('image/png', 70)
    expect(await signedFor('image/jpeg', 70)).not.toBe(one)
    expect(await signedFor('image/png', 71)).not.toBe(one)
  })
})
