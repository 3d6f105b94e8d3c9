import { type Batcher, createBatcher } from '../../kernel/batcher'
import { isOfOneRow } from './failures'

/** One that waits for a lock should not keep all others waiting. */
const STATEMENTS_AT_ONCE_MAX = 2

/**
 * Rows that many requests write at about the same time share a statement, and with it the way to the server, the
 * transaction and its triggers. What one of them broke is the error of that one alone.
 *
 * @param run writes all of them in one statement and answers in their order
 * @param rowsMax what a statement takes at most
 */
export const createBatchedWrite = <Row, Answer>(
  run: (rows: readonly Row[]) => Promise<readonly Answer[]>,
  rowsMax: number,
): Batcher<Row, Answer> =>
  createBatcher({ run, atOnceMax: STATEMENTS_AT_ONCE_MAX, sizeMax: rowsMax, isOfOne: isOfOneRow })
