import { sql, type SQL } from 'drizzle-orm';
import { customType, PgSchema } from 'drizzle-orm/pg-core';
import { time } from '../time.ts';

// The lobby's tables need a schema name, so that they are found under any search_path. The class is used because the
// function `pgSchema` refuses the name `public`.
export const lobby = new PgSchema('public');

export const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' });
export const createdAt = () => time('created_at').notNull().defaultNow();

/** A check in SQL that a time is readable. The sealer and the verifier would fail at years outside of this range. */
export function possible(column: string): SQL {
  return sql.raw(`${column} >= '2000-01-01Z' and ${column} < '10000-01-01Z'`);
}
