import { customType, PgSchema, timestamp } from 'drizzle-orm/pg-core';

// Drizzle writes plain tables without a schema name, and the lobby's must be found under any search_path, so they are
// made by the class: the function `pgSchema` refuses this one name.
export const lobby = new PgSchema('public');

export const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' });
export const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
export const createdAt = () => time('created_at').notNull().defaultNow();
