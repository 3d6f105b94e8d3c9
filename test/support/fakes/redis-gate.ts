import type { Redis } from 'ioredis'
import { RedisDown, type RedisGate } from '../../../src/platform/redis/client'
import { prepared } from './prepared'

export type FakeRedisGate = RedisGate & {
  /** As if Redis went away at this moment. */
  goDown(): void
  /** What has to be done before Redis is used again is done, then it is up; the time of the failure stays. */
  comeBack(): Promise<void>
}

/** A gate in front of prepared commands; unprepared ones complain. */
export function fakeRedisGate(nowMs: () => number, commands: Partial<Redis>): FakeRedisGate {
  const connection = prepared<Redis>('redis', commands)
  const recoveries: ((run: RedisGate['run']) => Promise<void>)[] = []
  let up = true
  let lastFailureMs = 0
  return {
    async run(command) {
      if (!up) throw new RedisDown()
      try {
        return await command(connection)
      } catch (error) {
        lastFailureMs = nowMs()
        throw new RedisDown(error)
      }
    },
    tell: (command) => void command(connection).catch(() => undefined),
    isUp: () => up,
    lastFailureMs: () => lastFailureMs,
    beforeRecovery: (work) => void recoveries.push(work),
    ping: async () => {
      if (!up) throw new RedisDown()
    },
    subscriber: () => {
      throw new Error('the fake gate has no subscriber')
    },
    key: (...parts) => ['test', ...parts].join(':'),
    close: async () => undefined,
    goDown() {
      up = false
      lastFailureMs = nowMs()
    },
    async comeBack() {
      for (const recover of recoveries) await recover((command) => command(connection))
      up = true
    },
  }
}
