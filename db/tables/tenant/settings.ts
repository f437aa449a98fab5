import { jsonb, pgTable, text } from 'drizzle-orm/pg-core';

/** What a tenant can choose, one row a setting; provisioning seeds the defaults. */
export const settings = pgTable('settings', {
  key: text().primaryKey(),
  value: jsonb().notNull(),
});
