/** Where a session lives: shared by the tabs of one browser, or in the memory of one half of the side-by-side page. */
import type { StoredSession } from './session.ts'

export type Vault = {
  read(): StoredSession | null
  write(session: StoredSession | null): void
  /** Runs one job at a time among all users of this vault, in every tab. */
  exclusively<T>(job: () => Promise<T>): Promise<T>
  /** Told when the session changed, here or in another tab. */
  onChange(run: () => void, signal: AbortSignal): void
}

/** Small values that outlive a page, by name; the side-by-side page keeps its own in memory. */
export type Keep = {
  read<T>(name: string): T | null
  write(name: string, value: unknown): void
}

/** A vault in localStorage under `name`. */
export function createBrowserVault(name: string): Vault {
  const keep = createBrowserKeep()
  const listeners = new EventTarget()
  return {
    read: () => keep.read<StoredSession>(name),
    write(session) {
      keep.write(name, session)
      listeners.dispatchEvent(new Event('change'))
    },
    exclusively: (job) => (navigator.locks ? navigator.locks.request(`${name}.exchange`, job) : job()),
    onChange(run, signal) {
      listeners.addEventListener('change', run, { signal })
      const onStorage = (event: StorageEvent) => {
        if (event.key === name || event.key === null) run()
      }
      addEventListener('storage', onStorage, { signal })
    },
  }
}

/** A vault that ends with the page. */
export function createMemoryVault(): Vault {
  let stored: StoredSession | null = null
  let queue: Promise<unknown> = Promise.resolve()
  const listeners = new EventTarget()
  return {
    read: () => stored,
    write(session) {
      stored = session
      listeners.dispatchEvent(new Event('change'))
    },
    exclusively(job) {
      const result = queue.then(job, job)
      queue = result.catch(() => undefined)
      return result
    },
    onChange: (run, signal) => listeners.addEventListener('change', run, { signal }),
  }
}

/** Values in localStorage; what a full or forbidden storage refuses is kept until the page is closed. */
export function createBrowserKeep(): Keep {
  const refused = new Map<string, { value: unknown; over: string | null }>()
  const stored = (name: string): string | null => {
    try {
      return localStorage.getItem(name)
    } catch {
      return null
    }
  }
  return {
    read<T>(name: string): T | null {
      const text = stored(name)
      const mine = refused.get(name)
      // What another tab has been able to write since is newer.
      if (mine && mine.over === text) return mine.value as T | null
      try {
        return JSON.parse(text ?? 'null') as T | null
      } catch {
        return null
      }
    },
    write(name, value) {
      try {
        if (value === null) localStorage.removeItem(name)
        else localStorage.setItem(name, JSON.stringify(value))
        refused.delete(name)
      } catch {
        refused.set(name, { value, over: stored(name) })
      }
    },
  }
}

export function createMemoryKeep(): Keep {
  const values = new Map<string, unknown>()
  return {
    read: <T>(name: string) => (values.get(name) ?? null) as T | null,
    write: (name, value) => void values.set(name, value),
  }
}
