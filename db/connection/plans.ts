import { sql } from 'drizzle-orm';
import type { Tx } from './lane.ts';

const OFF = ['seqscan', 'hashjoin', 'mergejoin', 'sort', 'incremental_sort', 'material', 'memoize', 'bitmapscan'];

const BY_INDEX = `select ${OFF.map((way) => `set_config('enable_${way}', 'off', true)`).join(', ')}`;

/**
 * Makes PostgreSQL use only index scans and nested loops in this transaction. If a table has grown since its statistics were
 * made, PostgreSQL may choose a plan that takes a thousand times as long.
 */
export async function readByIndex(tx: Tx): Promise<void> {
  await tx.execute(sql.raw(BY_INDEX));
}
