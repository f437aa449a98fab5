import { jsonb, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';

// Tables of a tenant. Plain `pgTable`, no schema name: the transaction's search_path says whose they are, so one
// definition and one migration serve every tenant. They never reference the lobby's tables.

const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** The example resource: copy it, then make it yours. */
export const projects = pgTable('projects', {
  id: uuid().primaryKey(),
  name: text().notNull().unique('projects_name_key'),
  description: text(),
  createdAt: time('created_at').notNull().defaultNow(),
  updatedAt: time('updated_at').notNull().defaultNow(),
});

/** What a tenant can choose, one row a setting; provisioning seeds the defaults. */
export const settings = pgTable('settings', {
  key: text().primaryKey(),
  value: jsonb().notNull(),
});
