import { sql, type SQL } from 'drizzle-orm';
import type { Tx } from './lane.ts';

// Times that are stored, or compared with stored ones, are the database's: servers' clocks differ from it and from
// each other.

/** When the transaction began, within a statement. */
export function now(): SQL<Date> {
  return sql`now()`;
}

/** So many ms after the transaction began, by the database's clock. */
export function fromNow(milliseconds: number): SQL<Date> {
  return sql`now() + make_interval(secs => ${milliseconds / 1000})`;
}

/** A time that was read from the database, or one that it is to tell, within a statement. */
export function timestamp(time: Date | SQL<Date>): SQL<Date> {
  return time instanceof Date ? sql`${time.toISOString()}::timestamptz` : time;
}

/** When the transaction began. */
export async function readClock(tx: Tx): Promise<Date> {
  const [row] = await tx.execute<{ now: string }>(sql`select to_json(now()) #>> '{}' as now`);
  if (!row) throw new Error('The database does not tell the time');
  return new Date(row.now);
}
