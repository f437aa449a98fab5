import type { SchemaName } from '../../../core/tenancy/slug.ts';
import { connectOwner, type OwnerTx } from '../../connection/owner/connect.ts';
import { readMigrations, type Migration, type MigrationSet } from '../files.ts';

/** A migration that was applied does not say any more what it said then. */
export class EditedMigrationError extends Error {
  override readonly name = 'EditedMigrationError';

  constructor(schema: string, { version, file }: Pick<Migration, 'version' | 'file'>) {
    super(
      `Migration ${version} of ${schema}, ${file}, is not as it was applied: an applied migration must not change. ` +
        'Take the change back, and write it as a new migration (bun run db:generate). ' +
        'In development, `bun run dev --reset` begins with an empty database instead.',
    );
  }
}

/**
 * Brings `public` to the newest version. Repeatable, and safe to run from several machines at once.
 * @param ownerUrl `DATABASE_OWNER_URL`
 * @throws EditedMigrationError when an applied migration was edited since
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
    const migration = migrations[version - 1];
    if (migration?.hash !== hash) {
      throw new EditedMigrationError(schema, { version, file: migration?.file ?? `db/migrations/${set}` });
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
