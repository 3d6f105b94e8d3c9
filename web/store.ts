/** The one state store: a value, a way to change it, and watchers of parts of it. */

export type Store<State> = {
  get(): State
  set(patch: Partial<State>): void
  /** Runs now and whenever the selected part is another one, until the signal aborts. */
  watch<Part>(select: (state: State) => Part, run: (part: Part) => void, signal: AbortSignal): void
}

export function createStore<State extends object>(initial: State): Store<State> {
  let state = initial
  const watchers = new Set<() => void>()
  return {
    get: () => state,
    set(patch) {
      state = { ...state, ...patch }
      for (const check of [...watchers]) check()
    },
    watch(select, run, signal) {
      if (signal.aborted) return
      let last = select(state)
      const check = () => {
        const next = select(state)
        if (signal.aborted || Object.is(next, last)) return
        last = next
        run(next)
      }
      watchers.add(check)
      signal.addEventListener('abort', () => watchers.delete(check))
      run(last)
    },
  }
}
