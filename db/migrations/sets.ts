import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { z } from 'zod';

/** What is migrated: the schema `public`, or the schema of every tenant. */
export type Scope = 'lobby' | 'tenant';

/** Whose migrations these are. Each set is numbered from 1. */
export type SetName = 'atrium' | 'product' | `extension:${string}`;

export interface Migration {
  version: number;
  /** Its file, from the root of the clone. */
  file: string;
  hash: string;
  sql: string;
}

export interface MigrationSet {
  name: SetName;
  /** Where its files are, from the root of the clone. */
  folder: string;
  migrations: readonly Migration[];
}

/** The version of each set that a schema is at. */
export interface SchemaVersions {
  atrium: number;
  product: number;
  /** By the extension's name. */
  extensions: Record<string, number>;
}

const journalSchema = z.object({ entries: z.array(z.object({ tag: z.string() })) });

/**
 * The sets of a scope in the order in which they run. Read from the files each time: a worker that runs while tenants are
 * migrated must not make new ones at the version before.
 */
export function readSets(scope: Scope): readonly MigrationSet[] {
  return [readSet(scope, 'atrium'), readSet(scope, 'product')];
}

/** The versions of a schema to which all these migrations are applied. */
export function newestVersions(sets: readonly MigrationSet[]): SchemaVersions {
  const newest: SchemaVersions = { atrium: 0, product: 0, extensions: {} };
  for (const { name, migrations } of sets) {
    if (name === 'atrium' || name === 'product') newest[name] = migrations.length;
    else newest.extensions[name.slice('extension:'.length)] = migrations.length;
  }
  return newest;
}

/** One number for the two sets that every tenant has: it grows with each, and never falls. */
export function schemaVersion({ atrium, product }: SchemaVersions): number {
  return atrium + product;
}

function readSet(scope: Scope, name: 'atrium' | 'product'): MigrationSet {
  const folder = `db/migrations/${scope}/${name}`;
  const migrationsFolder = fileURLToPath(new URL(`../../${folder}`, import.meta.url));
  // drizzle-orm gives the texts in the journal's order, without their names.
  const journal = journalSchema.parse(JSON.parse(readFileSync(`${migrationsFolder}/meta/_journal.json`, 'utf8')));
  const migrations = readMigrationFiles({ migrationsFolder }).map(({ hash, sql }, index) => ({
    version: index + 1,
    file: `${folder}/${journal.entries[index]?.tag}.sql`,
    hash,
    sql: sql.join(';\n'),
  }));
  return { name, folder, migrations };
}
