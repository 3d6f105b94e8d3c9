import type { Redis } from 'ioredis'

type Chain = Record<string, (...args: unknown[]) => unknown>

/** The few commands that the caches use, over maps; nothing expires by itself. */
export function memoryRedis(nowMs: () => number = Date.now): {
  commands: Partial<Redis>
  texts: Map<string, string>
  sets: Map<string, Set<string>>
  flush(): void
} {
  const texts = new Map<string, string>()
  const scores = new Map<string, Map<string, number>>()
  const sets = new Map<string, Set<string>>()
  const run: Record<string, (...args: string[]) => unknown> = {
    mget: (...keys) => keys.map((key) => texts.get(key) ?? null),
    getBuffer: (key = '') => {
      const text = texts.get(key)
      return text === undefined ? null : Buffer.from(text)
    },
    set: (key = '', value = '', ...options) => {
      const before = texts.get(key) ?? null
      if (!options.includes('NX') || before === null) texts.set(key, value)
      return options.includes('GET') ? before : 'OK'
    },
    get: (key = '') => texts.get(key) ?? null,
    evalsha: () => {
      throw new Error('NOSCRIPT No matching script')
    },
    // Their scripts, told of in the log of changes, whose keys and values come first and whom nobody follows: what people did,
    // and which stories were removed, by the clock of Redis. Without the log each is by itself, as in a cluster.
    eval: (script = '', count = '', ...rest) => {
      const isTold = script.includes('KEYS[1]')
      const keys = rest.slice(isTold ? 2 : 0, Number(count))
      const values = rest.slice(Number(count) + (isTold ? 5 : 0))
      if (script.includes('ZADD')) {
        const [set = '', version = ''] = keys
        const [token = '', keptMs, , ...ids] = values
        const kept = [...(scores.get(set) ?? [])].filter(([, atMs]) => atMs > nowMs() - Number(keptMs))
        scores.set(set, new Map([...kept, ...ids.map((id) => [id, nowMs()] as const)]))
        texts.set(version, token)
      } else {
        const [lengthMax, token = '', , ...storyIds] = values
        keys.forEach((key, i) => {
          const before = texts.get(key)
          const after = `${before},${storyIds[i]}`
          if (storyIds[i] === '') texts.set(key, token)
          else if (before !== undefined && !before.includes(storyIds[i] ?? ''))
            texts.set(key, after.length <= Number(lengthMax) ? after : token)
        })
      }
      return null
    },
    zmscore: (key = '', ...members) =>
      members.map((member) => scores.get(key)?.get(member)?.toString() ?? null),
    sadd: (key = '', ...members) => {
      sets.set(key, new Set([...(sets.get(key) ?? []), ...members]))
      return members.length
    },
    smismember: (key = '', ...members) => members.map((member) => (sets.get(key)?.has(member) ? 1 : 0)),
    del: (key = '') => Number(sets.delete(key)),
    expire: () => 1,
  }
  const commands: Chain = Object.fromEntries(
    Object.entries(run).map(([name, command]) => [
      name,
      async (...args: unknown[]) => command(...args.flat().map(String)),
    ]),
  )
  commands.sendCommand = async (command) => {
    const { name, args } = command as { name: string; args: unknown[] }
    return run[name]?.(...args.flat().map(String))
  }
  commands.multi = () => {
    const results: unknown[] = []
    const chain: Chain = Object.fromEntries(
      Object.entries(run).map(([name, command]) => [
        name,
        (...args: unknown[]) => {
          results.push([null, command(...args.flat().map(String))])
          return chain
        },
      ]),
    )
    chain.exec = async () => results
    return chain
  }
  return {
    commands: commands as Partial<Redis>,
    texts,
    sets,
    flush() {
      texts.clear()
      scores.clear()
      sets.clear()
    },
  }
}
