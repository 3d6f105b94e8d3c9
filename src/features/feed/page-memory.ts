import type { StoredPage } from './stored-page'

/** Pages that this process has rendered or read lately, as the bytes that leave; bounded by their size. */
export type PageMemory = Readonly<{
  get(viewerId: string): StoredPage | undefined
  set(viewerId: string, page: StoredPage): void
  delete(viewerId: string): void
}>

const BYTES_MAX = 64 * 1024 * 1024
/** Key, head and the map's own, roughly. */
const OVERHEAD_BYTES = 300

export function createPageMemory(bytesMax = BYTES_MAX): PageMemory {
  const pages = new Map<string, StoredPage>()
  let bytes = 0
  const sizeOf = (page: StoredPage) => page.body.byteLength + OVERHEAD_BYTES
  const remove = (key: string) => {
    const page = pages.get(key)
    if (page === undefined) return
    pages.delete(key)
    bytes -= sizeOf(page)
  }
  return {
    get: (key) => pages.get(key),
    set(key, page) {
      remove(key)
      pages.set(key, page)
      bytes += sizeOf(page)
      // The oldest first: pages live for a minute at most, so age says enough.
      for (const oldest of pages.keys()) {
        if (bytes <= bytesMax) return
        remove(oldest)
      }
    },
    delete: remove,
  }
}
