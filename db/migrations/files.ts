import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { z } from 'zod';

export interface Migration {
  version: number;
  /** Its file, from the root of the clone. */
  file: string;
  hash: string;
  sql: string;
}

/** Which set of migrations: of the lobby, or of every tenant's schema. */
export type MigrationSet = 'lobby' | 'tenant';

const journalSchema = z.object({ entries: z.array(z.object({ tag: z.string() })) });

/**
 * The migrations of a set in order; the version of a schema is how many of them it has. Read from the files each time: a
 * worker that runs while tenants are migrated must not make new ones at the version before.
 */
export function readMigrations(set: MigrationSet): readonly Migration[] {
  const folder = set === 'lobby' ? 'db/migrations/lobby/atrium' : 'db/migrations/tenant/product';
  const migrationsFolder = fileURLToPath(new URL(`../../${folder}`, import.meta.url));
  // drizzle-orm gives the texts in the journal's order, without their names.
  const journal = journalSchema.parse(JSON.parse(readFileSync(`${migrationsFolder}/meta/_journal.json`, 'utf8')));
  return readMigrationFiles({ migrationsFolder }).map(({ hash, sql }, index) => ({
    version: index + 1,
    file: `${folder}/${journal.entries[index]?.tag}.sql`,
    hash,
    sql: sql.join(';\n'),
  }));
}
