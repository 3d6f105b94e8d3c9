import { AppError, invalidField } from '../../kernel/errors'
import type { IdempotencyStore, StoredAnswer } from './store'

/**
 * Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): the first good answer is kept with the work it answers
 * for, in one transaction. The lock is the transaction's, so that a killed process leaves neither.
 */

export type Answer = Omit<StoredAnswer, 'fingerprint'>
export type KeyedAnswer = Answer & Readonly<{ replayed: boolean }>
export type OnceKey = Readonly<{ userId: string; key: string; fingerprint: string }>

const KEPT_MS = 24 * 3600 * 1000
const VISIBLE_ASCII = /^[\x21-\x7e]{1,255}$/

/**
 * The key of a request, or null when it has none.
 *
 * @param body what was asked for; the same fields in another order are the same
 * @throws AppError `validation_failed` when the header is not 1 to 255 visible ASCII characters
 */
export function onceKey(userId: string, header: string | null, body: object): OnceKey | null {
  if (header === null) return null
  if (!VISIBLE_ASCII.test(header))
    throw invalidField('Idempotency-Key', 'must be 1 to 255 visible ASCII characters')
  const canonical = JSON.stringify(body, Object.keys(body).sort())
  return {
    userId,
    key: header,
    fingerprint: new Bun.CryptoHasher('sha256').update(canonical).digest('base64url'),
  }
}

/**
 * The kept answer for this key, or null.
 *
 * @throws AppError `idempotency_key_reused` when it was kept for another body
 */
export async function findKept(
  store: IdempotencyStore,
  once: OnceKey,
  now: Date,
): Promise<KeyedAnswer | null> {
  const stored = await store.findAnswer(once.userId, once.key, new Date(now.getTime() - KEPT_MS))
  if (stored === null) return null
  if (stored.fingerprint !== once.fingerprint) {
    throw invalidField('Idempotency-Key', 'was used for another body', 'idempotency_key_reused')
  }
  return { status: stored.status, location: stored.location, body: stored.body, replayed: true }
}

/**
 * Runs `work` under the key's lock, inside the caller's transaction, and keeps its answer; a second look is taken under
 * the lock, as the first request may have ended since the first look.
 *
 * @throws AppError `idempotency_in_progress` while another request holds the key, `idempotency_key_reused`
 */
export async function runOnce(
  store: IdempotencyStore,
  once: OnceKey | null,
  now: Date,
  work: () => Promise<Answer>,
): Promise<KeyedAnswer> {
  if (once === null) return { ...(await work()), replayed: false }
  if (!(await store.tryLock(once.userId, once.key))) {
    throw new AppError(
      'idempotency_in_progress',
      'The first request with this Idempotency-Key is still running.',
      {
        headers: { 'Retry-After': '1' },
      },
    )
  }
  const kept = await findKept(store, once, now)
  if (kept !== null) return kept
  const answer = await work()
  await store.saveAnswer(once.userId, once.key, { ...answer, fingerprint: once.fingerprint }, now)
  return { ...answer, replayed: false }
}
