/** Of calls at the same time under one name, the first does the work and the others share its result. */
export type SingleFlight = Readonly<{ once<T>(name: string, work: () => Promise<T>): Promise<T> }>

export function createSingleFlight(): SingleFlight {
  const flying = new Map<string, Promise<unknown>>()
  return {
    once<T>(name: string, work: () => Promise<T>): Promise<T> {
      const running = flying.get(name)
      if (running !== undefined) return running as Promise<T>
      const started = work().finally(() => flying.delete(name))
      flying.set(name, started)
      return started
    },
  }
}
