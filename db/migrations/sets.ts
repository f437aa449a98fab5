import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { z } from 'zod';

/** Which schema is migrated: `public` (`lobby`), or the schema of every tenant (`tenant`). */
export type Scope = 'lobby' | 'tenant';

/** The owner of a set of migrations. Each set is numbered from 1. */
export type SetName = 'atrium' | 'product' | `extension:${string}`;

export interface Migration {
  version: number;
  /** The path of its file, from the root of the clone. */
  file: string;
  hash: string;
  sql: string;
}

export interface MigrationSet {
  name: SetName;
  /** The path of its folder, from the root of the clone. */
  folder: string;
  migrations: readonly Migration[];
}

/** The version that a schema has of each set. */
export interface SchemaVersions {
  atrium: number;
  product: number;
  /** The version of each extension, by its name. */
  extensions: Record<string, number>;
}

const journalSchema = z.object({ entries: z.array(z.object({ tag: z.string() })) });

/**
 * Reads the sets of a scope, in the order in which they run. It reads the files at each call, so that a worker that runs
 * during a migration does not create new tenants at the old version.
 */
export function readSets(scope: Scope): readonly MigrationSet[] {
  return [readSet(scope, 'atrium'), readSet(scope, 'product')];
}

/** @returns the versions of a schema that has all these migrations */
export function newestVersions(sets: readonly MigrationSet[]): SchemaVersions {
  const newest: SchemaVersions = { atrium: 0, product: 0, extensions: {} };
  for (const { name, migrations } of sets) {
    if (name === 'atrium' || name === 'product') newest[name] = migrations.length;
    else newest.extensions[name.slice('extension:'.length)] = migrations.length;
  }
  return newest;
}

/** @returns one number for the versions of Atrium's and the product's set; it grows with each of their migrations */
export function schemaVersion({ atrium, product }: SchemaVersions): number {
  return atrium + product;
}

function readSet(scope: Scope, name: 'atrium' | 'product'): MigrationSet {
  const folder = `db/migrations/${scope}/${name}`;
  const migrationsFolder = fileURLToPath(new URL(`../../${folder}`, import.meta.url));
  // drizzle-orm returns the migrations in the order of the journal, without the names of their files.
  const journal = journalSchema.parse(JSON.parse(readFileSync(`${migrationsFolder}/meta/_journal.json`, 'utf8')));
  const migrations = readMigrationFiles({ migrationsFolder }).map(({ hash, sql }, index) => ({
    version: index + 1,
    file: `${folder}/${journal.entries[index]?.tag}.sql`,
    hash,
    sql: sql.join(';\n'),
  }));
  return { name, folder, migrations };
}
