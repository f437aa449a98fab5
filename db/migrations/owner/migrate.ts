import type { PendingQuery, Row } from 'postgres';
import type { SchemaName } from '../../../core/tenancy/slug-format.ts';
import { connectOwner, type OwnerTx } from '../../connection/owner/connect.ts';
import { newestVersions, readSets, type Migration, type MigrationSet, type SchemaVersions } from '../sets.ts';
import { editedMigration, newerSchema, skippedMigration } from './errors.ts';
import { adoptFirstRecord } from './first-record.ts';

interface Applied {
  set: string;
  version: number;
  hash: string;
}

/** The tables in which a schema records its migrations. `atrium_migrations` is the old one, and is only read once. */
export type RecordTable = 'atrium_migrations' | 'atrium_versions';

/**
 * Migrates `public` to the newest version of each set. Repeatable. Several processes may run it at the same time.
 * @param ownerUrl `DATABASE_OWNER_URL`
 * @throws MigrationError if the files do not match the applied migrations
 */
export async function migrateLobby(ownerUrl: string, sets = readSets('lobby')): Promise<void> {
  const owner = connectOwner(ownerUrl, { max: 1, name: 'atrium migrate' });
  try {
    await owner.begin((tx) =>
      migrateSchema(tx, 'public', sets, [
        // 0001_guards.sql grants a right on this table.
        tx`create table if not exists atrium_migrations (
          version integer primary key, hash text not null, applied_at timestamptz not null default now())`,
      ]),
    );
  } finally {
    await owner.end();
  }
}

/**
 * Migrates a tenant's schema to the newest version of each set, in the current transaction.
 * @returns the versions, and the tables that record them
 * @throws MigrationError if the files do not match the applied migrations
 */
export async function migrateTenantSchema(
  tx: OwnerTx,
  schema: SchemaName,
  sets: readonly MigrationSet[],
): Promise<{ versions: SchemaVersions; records: RecordTable[] }> {
  return { records: await migrateSchema(tx, schema, sets), versions: newestVersions(sets) };
}

/** @param before statements to run first, once the schema is locked. The driver sends them when they are awaited */
async function migrateSchema(
  tx: OwnerTx,
  schema: string,
  sets: readonly MigrationSet[],
  before: readonly PendingQuery<Row[]>[] = [],
): Promise<RecordTable[]> {
  const readApplied = () => tx<Applied[]>`select set, version, hash from atrium_versions order by set, version`;
  const [, [first], recorded] = await Promise.all([
    Promise.all([
      // A migration gives up a lock soon, because all other transactions on the table wait behind it.
      tx`select set_config('lock_timeout', '5s', true), set_config('search_path', quote_ident(${schema}) || ', pg_temp', true)`,
      tx`select pg_advisory_xact_lock(hashtextextended(${`atrium migrate ${schema}`}, 0))`,
      ...before,
      tx`create table if not exists atrium_versions (
        set text, version integer, hash text not null, applied_at timestamptz not null default now(),
        primary key (set, version))`,
    ]),
    tx`select where to_regclass('atrium_migrations') is not null`,
    readApplied(),
  ]);
  const adopting = first !== undefined && recorded.length === 0;
  if (adopting) await adoptFirstRecord(tx, schema, sets);
  const applied = adopting ? await readApplied() : recorded;
  // All sets are checked before the first migration is sent.
  const pending = sets.flatMap((set) => pendingOf(schema, set, applied).map((migration) => ({ set, migration })));
  await Promise.all(
    pending.flatMap(({ set: { name }, migration: { version, hash, sql } }) => [
      tx.unsafe(sql),
      tx`insert into atrium_versions (set, version, hash) values (${name}, ${version}, ${hash})`,
    ]),
  );
  return first === undefined ? ['atrium_versions'] : ['atrium_versions', 'atrium_migrations'];
}

/** @returns the migrations of a set that a schema lacks */
function pendingOf(schema: string, set: MigrationSet, applied: readonly Applied[]): readonly Migration[] {
  const own = applied.filter((row) => row.set === set.name);
  own.forEach(({ version, hash }, index) => {
    const expected = set.migrations[index];
    if (!expected) throw newerSchema(schema, set, own.at(-1)?.version ?? version);
    if (expected.version !== version) throw skippedMigration(schema, set, expected);
    if (expected.hash !== hash) throw editedMigration(schema, expected);
  });
  return set.migrations.slice(own.length);
}
