import type { Config } from '../config'
import type { Clock } from '../kernel/clock'
import { unavailable } from '../kernel/errors'

/** The bucket behind S3, MinIO, R2 or Tigris. Bytes go between the browser and the store, never through here. */

export type PresignedPut = Readonly<{
  method: 'PUT'
  url: string
  headers: Readonly<Record<string, string>>
  expires_at: string
}>

export type ObjectStart = Readonly<{ sizeBytes: number; contentType: string; firstBytes: Uint8Array }>

export type ObjectStore = Readonly<{
  /** A URL that takes exactly this type and size, once. */
  presignPut(key: string, contentType: string, sizeBytes: number): Promise<PresignedPut>
  /** Size, type and first bytes of an object, or null when there is none; throws `unavailable` when the store is. */
  readStart(key: string): Promise<ObjectStart | null>
  /** A URL to read the object, good for 10 to 15 minutes from now; the same one for a while, so that browsers cache. */
  urlFor(key: string): Promise<string>
  /** Gone afterwards, whether it was there or not. */
  remove(key: string): Promise<void>
  ping(signal: AbortSignal): Promise<void>
  close(): void
}>

/**
 * The store by `s3-object-store.ts`, whose SDK takes longer to load than all else: it is loaded at first use, so that a
 * process can serve what needs no media sooner.
 */
export function createObjectStore(config: Config, clock: Clock): ObjectStore {
  let loading: Promise<ObjectStore> | undefined
  const load = () => {
    loading ??= import('./s3-object-store').then(
      ({ createS3ObjectStore }) => createS3ObjectStore(config, clock),
      (error: unknown) => {
        loading = undefined
        throw unavailable(error)
      },
    )
    return loading
  }
  return {
    presignPut: async (...given) => (await load()).presignPut(...given),
    readStart: async (...given) => (await load()).readStart(...given),
    urlFor: async (...given) => (await load()).urlFor(...given),
    remove: async (...given) => (await load()).remove(...given),
    ping: async (...given) => (await load()).ping(...given),
    close: () => void loading?.then((store) => store.close()).catch(() => undefined),
  }
}
