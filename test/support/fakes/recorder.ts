/** Calls that a double took, in order. */
export type Call = readonly [name: string, ...args: unknown[]]

/** A double whose every method does nothing but note its call. */
export function recorder<T extends object>(): { double: T; calls: Call[]; of(name: keyof T): unknown[][] } {
  const calls: Call[] = []
  const double = new Proxy({} as T, {
    get: (_, name) =>
      typeof name === 'string' && name !== 'then'
        ? (...args: unknown[]) => {
            calls.push([name, ...args])
          }
        : undefined,
  })
  const of = (name: keyof T) => calls.filter((call) => call[0] === name).map(([, ...args]) => args)
  return { double, calls, of }
}
