/** Work under one name runs one after the other in this process; work under other names does not wait. */
export type Turns = Readonly<{ inTurn<T>(name: string, work: () => Promise<T>): Promise<T> }>

export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>()
  return {
    async inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
      const before = last.get(name) ?? Promise.resolve()
      const mine = before.catch(() => undefined).then(work)
      last.set(name, mine)
      try {
        return await mine
      } finally {
        if (last.get(name) === mine) last.delete(name)
      }
    },
  }
}
