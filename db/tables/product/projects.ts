import { pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { time } from '../time.ts';

/** The example resource. Copy it and change it for your product. */
export const projects = pgTable('projects', {
  id: uuid().primaryKey(),
  name: text().notNull().unique('projects_name_key'),
  description: text(),
  createdAt: time('created_at').notNull().defaultNow(),
  updatedAt: time('updated_at').notNull().defaultNow(),
});
