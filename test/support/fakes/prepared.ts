/** Doubles that know only what a test prepared: anything else throws, naming what was asked for. */

const SILENT = new Set([
  'then',
  'catch',
  'finally',
  'toJSON',
  'asymmetricMatch',
  'nodeType',
  'tagName',
  '$$typeof',
])

/** What a test did not prepare for. */
export class Unprepared extends Error {
  constructor(readonly member: string) {
    super(`${member} was used, and the test prepared nothing for it`)
    this.name = 'Unprepared'
  }
}

/**
 * A double of `T` from some of its members.
 *
 * @param name how the double is called in complaints
 * @param onMissing also hears of a use of what is not prepared, as the code under test may swallow the error
 */
export function prepared<T extends object>(
  name: string,
  members: Partial<T>,
  onMissing: (error: Unprepared) => void = () => undefined,
): T {
  return new Proxy(members as T, {
    get(target, key, receiver) {
      if (Reflect.has(target, key)) return Reflect.get(target, key, receiver)
      if (typeof key === 'symbol' || SILENT.has(key)) return undefined
      const error = new Unprepared(`${name}.${key}`)
      onMissing(error)
      throw error
    },
  })
}
