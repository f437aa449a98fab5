import { sql, type SQL } from 'drizzle-orm';
import { customType, PgSchema } from 'drizzle-orm/pg-core';
import { time } from '../time.ts';

// Drizzle writes plain tables without a schema name, and the lobby's must be found under any search_path, so they are
// made by the class: the function `pgSchema` refuses this one name.
export const lobby = new PgSchema('public');

export const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' });
export const createdAt = () => time('created_at').notNull().defaultNow();

/** Times that there can be, and that every reader can tell: one of another era would stop whoever seals or verifies. */
export function possible(column: string): SQL {
  return sql.raw(`${column} >= '2000-01-01Z' and ${column} < '10000-01-01Z'`);
}
