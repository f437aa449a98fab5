import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import type { SchemaName } from '../core/slug.ts';
import { connectOwner, type OwnerTx } from './owner.ts';

interface Migration {
  version: number;
  hash: string;
  sql: string;
}

/** Which set of migrations: of the lobby, or of every tenant's schema. */
type MigrationSet = 'lobby' | 'tenant';

/** Read once: `/readyz` asks every second, and each tenant's migration again. */
const known = new Map<MigrationSet, readonly Migration[]>();

/** The migrations of a set in order; the version of a schema is how many of them it has. */
export function readMigrations(set: MigrationSet): readonly Migration[] {
  const migrations = known.get(set) ?? readFolder(set);
  known.set(set, migrations);
  return migrations;
}

function readFolder(set: MigrationSet): Migration[] {
  const migrationsFolder = fileURLToPath(new URL(`migrations/${set}`, import.meta.url));
  return readMigrationFiles({ migrationsFolder }).map(({ hash, sql }, index) => ({
    version: index + 1,
    hash,
    sql: sql.join(';\n'),
  }));
}

/**
 * Brings `public` to the newest version. Repeatable, and safe to run from several machines at once.
 * @param ownerUrl `DATABASE_OWNER_URL`
 * @throws Error when an applied migration was edited since
 */
export async function migrateLobby(ownerUrl: string): Promise<void> {
  const owner = connectOwner(ownerUrl, { max: 1, name: 'atrium migrate' });
  try {
    await owner.begin((tx) => migrateSchema(tx, 'public', 'lobby'));
  } finally {
    await owner.end();
  }
}

/** Brings a tenant's schema to the newest version, in the transaction at hand. @returns that version */
export function migrateTenantSchema(tx: OwnerTx, schema: SchemaName): Promise<number> {
  return migrateSchema(tx, schema, 'tenant');
}

async function migrateSchema(tx: OwnerTx, schema: string, set: MigrationSet): Promise<number> {
  const [, , , applied] = await Promise.all([
    // A lock that can't be had soon is better given up than queued before everyone else's.
    tx`select set_config('lock_timeout', '5s', true), set_config('search_path', quote_ident(${schema}) || ', pg_temp', true)`,
    tx`select pg_advisory_xact_lock(hashtextextended(${`atrium migrate ${schema}`}, 0))`,
    tx`create table if not exists atrium_migrations (
      version integer primary key, hash text not null, applied_at timestamptz not null default now())`,
    tx<{ version: number; hash: string }[]>`select version, hash from atrium_migrations order by version`,
  ]);

  const migrations = readMigrations(set);
  if (applied.length > migrations.length) {
    throw new Error(
      `${schema} is at version ${applied.length}, newer than this code, which knows ${migrations.length}`,
    );
  }
  for (const { version, hash } of applied) {
    if (migrations[version - 1]?.hash !== hash) {
      throw new Error(
        `Migration ${version} of ${schema} is not the one in db/migrations/${set}: an applied migration must not change; add a new one.`,
      );
    }
  }
  await Promise.all(
    migrations
      .slice(applied.length)
      .flatMap(({ version, hash, sql }) => [
        tx.unsafe(sql),
        tx`insert into atrium_migrations (version, hash) values (${version}, ${hash})`,
      ]),
  );
  return migrations.length;
}
