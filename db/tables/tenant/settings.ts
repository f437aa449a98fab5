import { jsonb, pgTable, text } from 'drizzle-orm/pg-core';

/** The settings of a tenant, one row for each. Provisioning inserts the defaults. */
export const settings = pgTable('settings', {
  key: text().primaryKey(),
  value: jsonb().notNull(),
});
