import type { OwnerTx } from '../../connection/owner/connect.ts';
import type { Migration, MigrationSet, SetName } from '../sets.ts';
import { unknownMigration } from './errors.ts';

// Before there were sets, a schema recorded its migrations in `atrium_migrations(version, hash, applied_at)`. That table is
// read once and never changed, so that older code can still run.

/** Files that were split later: the old hash, and the hashes of the files that replaced it. */
const SPLIT: Readonly<Record<string, readonly string[]>> = {
  // 0000_tenant.sql: atrium/0000_settings.sql and product/0000_projects.sql.
  '19bdea3c45764eccf6208046a96025f25f3168c3d3f39ac4d8cf8fe3d2faeb68': [
    '2ce53e5bde2fcc3dcae205464b8b11a7fcf1619c5bd11cc5e159889674dca9fb',
    'c49826916231dc492d6157dd2cdb9dfda2affa8cafc5815619d9ac4fe03bb6eb',
  ],
};

/**
 * Copies the rows of `atrium_migrations` to `atrium_versions`. The hash of each migration selects its set and version. No
 * migration is run.
 * @throws MigrationError if no file has the hash of a migration
 */
export async function adoptFirstRecord(tx: OwnerTx, schema: string, sets: readonly MigrationSet[]): Promise<void> {
  const record = await tx<{ version: number; hash: string }[]>`
    select version, hash from atrium_migrations order by version`;
  // Two migrations with the same SQL have the same hash, so each match is used once.
  const left = sets.flatMap(({ name, migrations }) => migrations.map((migration) => ({ set: name, migration })));
  const found = record.flatMap(({ version, hash }) =>
    (SPLIT[hash] ?? [hash]).map((known) => {
      const place = left.findIndex(({ migration }) => migration.hash === known);
      const [match] = place < 0 ? [] : left.splice(place, 1);
      if (!match) throw unknownMigration(schema, version, sets);
      return { from: version, ...match };
    }),
  );
  await Promise.all(found.map((match) => adopt(tx, match)));
}

async function adopt(tx: OwnerTx, { from, set, migration }: { from: number; set: SetName; migration: Migration }) {
  await tx`
    insert into atrium_versions (set, version, hash, applied_at)
    select ${set}, ${migration.version}, ${migration.hash}, applied_at from atrium_migrations where version = ${from}`;
}
