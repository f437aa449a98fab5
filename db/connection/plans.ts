import { sql } from 'drizzle-orm';
import type { Tx } from './lane.ts';

const OFF = ['seqscan', 'hashjoin', 'mergejoin', 'sort', 'incremental_sort', 'material', 'memoize', 'bitmapscan'];

const BY_INDEX = `select ${OFF.map((way) => `set_config('enable_${way}', 'off', true)`).join(', ')}`;

/**
 * Has this transaction read by indexes alone, row by row and in their order. The statistics of a table that has grown by
 * many rows since they were made lead PostgreSQL to plans that take a thousand times as long.
 */
export async function readByIndex(tx: Tx): Promise<void> {
  await tx.execute(sql.raw(BY_INDEX));
}
