/** What the service relies on in an object store; the stand-in of `dev/` and MinIO keep the same promises. */

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { openBucket, refusal, send, sendHalf, someBytes, swapBody } from './object-store-contract/bench.ts'
import { findStores, type StoreUnderTest } from './object-store-contract/stores.ts'

for (const candidate of await findStores()) {
  describe(`object store contract: ${candidate.name}`, () => {
    let store: StoreUnderTest
    let mine: ReturnType<typeof openBucket>
    let number = 0
    const freshKey = () => `uploads/${++number}-${crypto.randomUUID()}`
    const png = (key: string, sizeBytes: number) => ({ key, type: 'image/png', sizeBytes })

    beforeAll(async () => {
      store = await candidate.start()
      mine = openBucket(store.address)
    }, 120_000)
    afterAll(async () => {
      mine?.close()
      await store?.stop()
    })

    async function stored(): Promise<{ key: string; bytes: Uint8Array<ArrayBuffer> }> {
      const [key, bytes] = [freshKey(), someBytes(100)]
      expect((await send(await mine.signPut(png(key, 100)), bytes)).status).toBe(200)
      return { key, bytes }
    }
    const isAbsent = async (key: string) => (await fetch(await mine.signGet(key))).status === 404

    describe('an upload that keeps to its terms', () => {
      test('is stored byte for byte with its type', async () => {
        const { key, bytes } = await stored()
        const answer = await fetch(await mine.signGet(key))
        expect(answer.status).toBe(200)
        expect(answer.headers.get('content-type')).toBe('image/png')
        expect(new Uint8Array(await answer.arrayBuffer())).toEqual(bytes)
      })

      test('may carry any name without leaving the bucket', async () => {
        for (const name of ['a b+c', 'ünï/❤️', "(it's)*!~", 'a%2Fb', 'dots...', 'a/b', 'a']) {
          const [key, bytes] = [`${freshKey()}/${name}`, someBytes()]
          expect((await send(await mine.signPut(png(key, 64)), bytes)).status).toBe(200)
          const read = await mine.client.send(new GetObjectCommand({ Bucket: mine.bucket, Key: key }))
          expect(await read.Body?.transformToByteArray()).toEqual(bytes)
        }
      })

      test('may be several megabytes', async () => {
        const [key, bytes] = [freshKey(), new Uint8Array(6_000_000).fill(7)]
        expect((await send(await mine.signPut(png(key, bytes.length)), bytes)).status).toBe(200)
        const head = await mine.client.send(new HeadObjectCommand({ Bucket: mine.bucket, Key: key }))
        expect(head.ContentLength).toBe(6_000_000)
      })
    })

    describe('an upload that breaks its terms is refused and stores nothing', () => {
      test('another type', async () => {
        const key = freshKey()
        const answer = await send(await mine.signPut(png(key, 64)), someBytes(), {
          'Content-Type': 'text/html',
        })
        expect(await refusal(answer)).toBe('403 SignatureDoesNotMatch')
        expect(await isAbsent(key)).toBe(true)
      })

      test('one byte more or less', async () => {
        const key = freshKey()
        for (const size of [63, 65, 0]) {
          const answer = await send(await mine.signPut(png(key, 64)), someBytes(size))
          expect(await refusal(answer)).toBe('403 SignatureDoesNotMatch')
        }
        expect(await isAbsent(key)).toBe(true)
      })

      test('without If-None-Match, or with another one', async () => {
        const key = freshKey()
        const without = await send(await mine.signPut(png(key, 64)), someBytes(), { 'If-None-Match': null })
        expect(await refusal(without)).toBe('400 AccessDenied')
        const other = await send(await mine.signPut(png(key, 64)), someBytes(), { 'If-None-Match': '"x"' })
        expect(await refusal(other)).toBe('403 SignatureDoesNotMatch')
        expect(await isAbsent(key)).toBe(true)
      })

      test('under another key', async () => {
        const [key, other] = [freshKey(), freshKey()]
        const url = (await mine.signPut(png(key, 64))).replace(key, other)
        expect(await refusal(await send(url, someBytes()))).toBe('403 SignatureDoesNotMatch')
        expect(await isAbsent(other)).toBe(true)
      })

      test('with another method', async () => {
        const { key } = await stored()
        const url = await mine.signPut(png(key, 64))
        expect(
          await refusal(await fetch(url, { method: 'DELETE', headers: { 'If-None-Match': '*' } })),
        ).toMatch(/^40[03] /)
        expect(await isAbsent(key)).toBe(false)
        const forReading = await fetch(await mine.signGet(key), { method: 'PUT', body: someBytes() })
        expect(await refusal(forReading)).toBe('403 SignatureDoesNotMatch')
      })

      test('after the URL has expired, or long before it is valid', async () => {
        const key = freshKey()
        for (const minutes of [-6, 60]) {
          const signedAt = new Date(Date.now() + minutes * 60_000)
          const url = await mine.signPut({ ...png(key, 64), signedAt, expiresSeconds: 300 })
          expect(await refusal(await send(url, someBytes()))).toBe('403 AccessDenied')
        }
        expect(await isAbsent(key)).toBe(true)
      })

      test('a URL whose lifetime was stretched', async () => {
        const url = (await mine.signPut(png(freshKey(), 64))).replace(
          'X-Amz-Expires=300',
          'X-Amz-Expires=301',
        )
        expect(await refusal(await send(url, someBytes()))).toBe('403 SignatureDoesNotMatch')
      })

      test('signed by a stranger', async () => {
        const key = freshKey()
        const wrongSecret = openBucket(store.address, { secretAccessKey: 'not-the-secret-of-this-store' })
        const wrongName = openBucket(store.address, { accessKeyId: 'nobody-here' })
        expect(await refusal(await send(await wrongSecret.signPut(png(key, 64)), someBytes()))).toBe(
          '403 SignatureDoesNotMatch',
        )
        expect(await refusal(await send(await wrongName.signPut(png(key, 64)), someBytes()))).toBe(
          '403 InvalidAccessKeyId',
        )
        expect(await isAbsent(key)).toBe(true)
      })

      test('a body that is not what its signed hash says', async () => {
        const key = freshKey()
        const liar = openBucket(store.address)
        liar.client.middlewareStack.add(swapBody, { step: 'deserialize', name: 'swap-body' })
        const put = new PutObjectCommand({
          Bucket: mine.bucket,
          Key: key,
          Body: someBytes(),
          ContentType: 'image/png',
        })
        await expect(liar.client.send(put)).rejects.toMatchObject({ name: 'XAmzContentSHA256Mismatch' })
        liar.close()
        expect(await isAbsent(key)).toBe(true)
      })
    })

    test('an upload that breaks off half-way leaves nothing', async () => {
      const key = freshKey()
      await sendHalf(await mine.signPut(png(key, 100_000)), 100_000)
      expect(await isAbsent(key)).toBe(true)
      const whole = await send(await mine.signPut(png(key, 100_000)), someBytes(50_000 * 2))
      expect(whole.status).toBe(200)
    })

    describe('a key is written once', () => {
      test('the second upload gets 412 and changes nothing', async () => {
        const { key, bytes } = await stored()
        const again = await send(await mine.signPut(png(key, 100)), someBytes(100))
        expect(await refusal(again)).toBe('412 PreconditionFailed')
        const read = await fetch(await mine.signGet(key))
        expect(new Uint8Array(await read.arrayBuffer())).toEqual(bytes)
      })

      test('of ten racing uploads exactly one wins', async () => {
        const key = freshKey()
        const bodies = Array.from({ length: 10 }, () => someBytes(50_000))
        const url = await mine.signPut(png(key, 50_000))
        const answers = await Promise.all(bodies.map((body) => send(url, body)))
        const winners = bodies.filter((_, index) => answers[index]?.status === 200)
        expect(winners).toHaveLength(1)
        const read = await fetch(await mine.signGet(key))
        expect(new Uint8Array(await read.arrayBuffer())).toEqual(winners[0] ?? new Uint8Array())
      })
    })

    describe('reading', () => {
      test('a range answers just those bytes', async () => {
        const { key, bytes } = await stored()
        const url = await mine.signGet(key)
        const first = await fetch(url, { headers: { Range: 'bytes=0-15' } })
        expect(first.status).toBe(206)
        expect(first.headers.get('content-range')).toBe('bytes 0-15/100')
        expect(new Uint8Array(await first.arrayBuffer())).toEqual(bytes.slice(0, 16))
        const last = await fetch(url, { headers: { Range: 'bytes=-10' } })
        expect(new Uint8Array(await last.arrayBuffer())).toEqual(bytes.slice(90))
        expect(await refusal(await fetch(url, { headers: { Range: 'bytes=200-300' } }))).toBe(
          '416 InvalidRange',
        )
      })

      test('HEAD tells size and type without the bytes', async () => {
        const { key } = await stored()
        const answer = await fetch(await mine.signHead(key), { method: 'HEAD' })
        expect(answer.headers.get('content-length')).toBe('100')
        const head = await mine.client.send(new HeadObjectCommand({ Bucket: mine.bucket, Key: key }))
        expect([head.ContentLength, head.ContentType]).toEqual([100, 'image/png'])
      })

      test('what is not there is NoSuchKey', async () => {
        expect(await refusal(await fetch(await mine.signGet(freshKey())))).toBe('404 NoSuchKey')
        const head = new HeadObjectCommand({ Bucket: mine.bucket, Key: freshKey() })
        await expect(mine.client.send(head)).rejects.toMatchObject({ name: 'NotFound' })
      })

      test('nothing is public', async () => {
        const { key } = await stored()
        for (const url of [`${mine.bucketUrl}/${key}`, `${mine.bucketUrl}?list-type=2`]) {
          expect(await refusal(await fetch(url))).toBe('403 AccessDenied')
        }
      })

      test('the listing pages through the keys of a prefix in order', async () => {
        const prefix = `${freshKey()}/`
        const keys = ['a', 'b&<c>', 'd'].map((name) => prefix + name)
        for (const key of keys) await send(await mine.signPut(png(key, 64)), someBytes())
        const list = (ContinuationToken?: string) =>
          mine.client.send(
            new ListObjectsV2Command({ Bucket: mine.bucket, Prefix: prefix, MaxKeys: 2, ContinuationToken }),
          )
        const first = await list()
        const second = await list(first.NextContinuationToken)
        expect(first.IsTruncated).toBe(true)
        expect(second.IsTruncated).toBe(false)
        expect([...(first.Contents ?? []), ...(second.Contents ?? [])].map(({ Key }) => Key)).toEqual(keys)
      })
    })

    test('a removed object is gone, and removing it again is fine', async () => {
      const { key } = await stored()
      const remove = () => mine.client.send(new DeleteObjectCommand({ Bucket: mine.bucket, Key: key }))
      await remove()
      await remove()
      expect(await isAbsent(key)).toBe(true)
    })

    test('the bucket answers for itself, and no other one does', async () => {
      await mine.client.send(new HeadBucketCommand({ Bucket: mine.bucket }))
      await expect(mine.client.send(new HeadBucketCommand({ Bucket: 'elsewhere' }))).rejects.toThrow()
    })

    test('a browser of any origin may upload and read', async () => {
      const { key } = await stored()
      const url = await mine.signPut(png(freshKey(), 64))
      const preflight = await fetch(url, {
        method: 'OPTIONS',
        headers: {
          Origin: 'http://localhost:3000',
          'Access-Control-Request-Method': 'PUT',
          'Access-Control-Request-Headers': 'content-type,if-none-match',
        },
      })
      expect(preflight.ok).toBe(true)
      expect(preflight.headers.get('access-control-allow-methods')).toContain('PUT')
      expect(preflight.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('if-none-match')
      const read = await fetch(await mine.signGet(key), { headers: { Origin: 'http://localhost:3000' } })
      expect(['*', 'http://localhost:3000']).toContain(read.headers.get('access-control-allow-origin') ?? '')
      expect(read.headers.get('access-control-expose-headers')?.toLowerCase()).toMatch(/etag|\*/)
    })
  })
}
