import { availableParallelism } from 'node:os'
import { unavailable } from '../kernel/errors'

/**
 * Password hashes: argon2id with the parameters of the OWASP password storage cheat sheet. Hashing is dear on
 * purpose, so only as many run at once as leave a core for other requests, and the line of those waiting is bounded.
 */
export type Passwords = Readonly<{
  /** @throws AppError `unavailable` when too many are waiting already */
  hash(password: string): Promise<string>
  /** Takes the same time when there is no such hash (null). */
  verify(password: string, hash: string | null): Promise<boolean>
}>

const ARGON2ID = { algorithm: 'argon2id', memoryCost: 19_456, timeCost: 2 } as const
/** Of a password that nobody has; written down, as making it would take the first who needs it twice as long. */
const DECOY =
  '$argon2id$v=19$m=19456,t=2,p=1$w0wNDk/ULRccj+xfaN+XyVzNNAd7twbiroyrvpmsXVA$ZycT7IlU7OKXatlo7oTikmDzGiJXCNLxPaeDfamrUNY'
const WAITING_MAX = 64

export function createPasswords(concurrencyMax = Math.max(1, availableParallelism() - 1)): Passwords {
  let running = 0
  const waiting: (() => void)[] = []
  const enter = async () => {
    if (running < concurrencyMax) {
      running++
      return
    }
    if (waiting.length >= WAITING_MAX) throw unavailable(new Error('too many passwords are being checked'), 1)
    await new Promise<void>((resolve) => waiting.push(resolve))
  }
  const leave = () => {
    const next = waiting.shift()
    if (next === undefined) running--
    else next()
  }
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    await enter()
    try {
      return await work()
    } finally {
      leave()
    }
  }
  return {
    hash: (password) => guarded(() => Bun.password.hash(password, ARGON2ID)),
    verify: (password, hash) =>
      guarded(async () => {
        const isRight = hash === null ? null : await Bun.password.verify(password, hash).catch(() => null)
        if (isRight !== null) return isRight
        // No account, or one whose hash is none: it costs what a real check costs.
        await Bun.password.verify(password, DECOY)
        return false
      }),
  }
}
