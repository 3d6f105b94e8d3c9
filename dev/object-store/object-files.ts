/** Objects in a folder: bytes under random names, one small JSON file a key that says which bytes are its own. */

import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { preconditionFailed, S3Error } from './s3-error.ts'

export type StoredObject = Readonly<{
  key: string
  blob: string
  sizeBytes: number
  contentType: string
  etag: string
  modifiedAt: string
}>

export type Upload = Readonly<{
  key: string
  body: ReadableStream<Uint8Array> | null
  /** As declared by Content-Length. */
  sizeBytes: number
  contentType: string
  /** Refuse when the key is taken. */
  onlyIfAbsent: boolean
  /** The SHA-256 the sender signed, if any. */
  sha256: string | null
}>

/** Opens the folder, with what an earlier run stored in it; only one process at a time may have it open. */
export function openObjectFiles(dir: string) {
  const blobDir = join(dir, 'blobs')
  const metaDir = join(dir, 'meta')
  for (const folder of [blobDir, metaDir]) mkdirSync(folder, { recursive: true, mode: 0o700 })
  const objects = loadObjects(metaDir)
  dropUnclaimedBlobs(blobDir, objects)
  // Keys never become file names: no key can leave the folder or meet another one's file.
  const metaPath = (key: string) => join(metaDir, `${createHash('sha256').update(key).digest('hex')}.json`)

  return {
    find: (key: string) => objects.get(key) ?? null,
    pathOf: (object: StoredObject) => join(blobDir, object.blob),

    /** Stores the bytes as they arrive; the key shows them only once all are there. @throws S3Error */
    async put(upload: Upload): Promise<StoredObject> {
      const blob = randomUUID()
      const path = join(blobDir, blob)
      try {
        const etag = await writeBody(path, upload)
        const { key, sizeBytes, contentType } = upload
        const object = { key, blob, sizeBytes, contentType, etag, modifiedAt: new Date().toISOString() }
        // Nothing is awaited between this look and the end of the block, so racing uploads cannot both win.
        const before = objects.get(key)
        if (upload.onlyIfAbsent && before) throw preconditionFailed()
        writeFileSync(`${path}.json`, JSON.stringify(object), { mode: 0o600 })
        renameSync(`${path}.json`, metaPath(key))
        objects.set(key, object)
        if (before) rmSync(join(blobDir, before.blob), { force: true })
        return object
      } catch (error) {
        await rm(path, { force: true })
        throw error
      }
    },

    remove(key: string): void {
      const object = objects.get(key)
      if (!object) return
      objects.delete(key)
      rmSync(metaPath(key), { force: true })
      rmSync(join(blobDir, object.blob), { force: true })
    },

    /** Up to `max` objects in the order of their keys, after `after`. */
    list(prefix: string, after: string, max: number): { objects: StoredObject[]; isTruncated: boolean } {
      const found = [...objects.values()]
        .filter(({ key }) => key.startsWith(prefix) && key > after)
        .sort((a, b) => (a.key < b.key ? -1 : 1))
      return { objects: found.slice(0, max), isTruncated: found.length > max }
    },
  }
}

export type ObjectFiles = ReturnType<typeof openObjectFiles>

async function writeBody(path: string, { body, sizeBytes, sha256 }: Upload): Promise<string> {
  const md5 = createHash('md5')
  const sha = sha256 === null ? null : createHash('sha256')
  const file = await open(path, 'wx', 0o600)
  let writtenBytes = 0
  try {
    for await (const chunk of body ?? []) {
      writtenBytes += chunk.byteLength
      if (writtenBytes > sizeBytes) break
      md5.update(chunk)
      sha?.update(chunk)
      await file.write(chunk)
    }
  } finally {
    await file.close()
  }
  if (writtenBytes !== sizeBytes) {
    throw new S3Error(
      400,
      'IncompleteBody',
      'The number of bytes is not the one of the Content-Length header.',
    )
  }
  if (sha && sha.digest('hex') !== sha256) {
    const message = "The provided 'x-amz-content-sha256' header does not match what was computed."
    throw new S3Error(400, 'XAmzContentSHA256Mismatch', message)
  }
  return md5.digest('hex')
}

function loadObjects(metaDir: string): Map<string, StoredObject> {
  const objects = new Map<string, StoredObject>()
  for (const name of readdirSync(metaDir)) {
    const object: StoredObject = JSON.parse(readFileSync(join(metaDir, name), 'utf8'))
    objects.set(object.key, object)
  }
  return objects
}

/** What a killed run had not finished receiving. */
function dropUnclaimedBlobs(blobDir: string, objects: Map<string, StoredObject>): void {
  const claimed = new Set([...objects.values()].map(({ blob }) => blob))
  for (const name of readdirSync(blobDir)) {
    if (!claimed.has(name)) rmSync(join(blobDir, name), { force: true })
  }
}
