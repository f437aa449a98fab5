import { sql, type SQL } from 'drizzle-orm';
import type { Tx } from './lane.ts';

// Times that are stored, or compared with stored ones, come from the database's clock, since the clocks of servers differ.

/** The time when the transaction began, in SQL. */
export function now(): SQL<Date> {
  return sql`now()`;
}

/** The time this many ms after the transaction began, in SQL. */
export function fromNow(milliseconds: number): SQL<Date> {
  return sql`now() + make_interval(secs => ${milliseconds / 1000})`;
}

/** A time in SQL, from a `Date` that was read from the database or from SQL. */
export function timestamp(time: Date | SQL<Date>): SQL<Date> {
  return time instanceof Date ? sql`${time.toISOString()}::timestamptz` : time;
}

/** @returns the time when the transaction began, by the database's clock */
export async function readClock(tx: Tx): Promise<Date> {
  const [row] = await tx.execute<{ now: string }>(sql`select to_json(now()) #>> '{}' as now`);
  if (!row) throw new Error('The query for the time returned no row');
  return new Date(row.now);
}
