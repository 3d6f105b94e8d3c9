import { type Batcher, createBatcher } from '../../kernel/batcher'
import { isOfOneRow } from './failures'

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
): Batcher<Row, Answer> => createBatcher({ run, sizeMax: rowsMax, isOfOne: isOfOneRow })
