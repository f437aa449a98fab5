import { readFile } from 'node:fs/promises';
import type { Owner } from '../../db/connection/owner/connect.ts';
import { readSets } from '../../db/migrations/sets.ts';
import { createRole, createSchema, type TenantHome } from '../../db/tenancy/owner/provision.ts';
import { insertTenant } from '../support/workflow-homes.ts';
import { hashOf } from './made-up-sets.ts';

// Databases as older code created them, before there were sets of migrations.

const FIXTURES = new URL('fixtures/first-layout/', import.meta.url);
const RECORD =
  'create table atrium_migrations (version integer primary key, hash text not null, applied_at timestamptz not null default now())';

/** The number of lobby migrations in the first layout, and in the last version before the sets. */
export const LOBBY_VERSIONS = [7, 10] as const;

/** Creates the lobby at one of these versions, with the hashes of its migrations in the old table. */
export async function makeLobbyAsBefore(owner: Owner, version: (typeof LOBBY_VERSIONS)[number]): Promise<void> {
  const files = readSets('lobby').flatMap(({ migrations }) => migrations);
  const record = await readFile(new URL('record.sql', FIXTURES), 'utf8');
  await owner.begin(async (tx) => {
    await tx`select set_config('search_path', 'public, pg_temp', true)`;
    await tx.unsafe(record);
    await tx`delete from atrium_migrations where version > ${version}`;
    for (const { hash } of await tx<{ hash: string }[]>`select hash from atrium_migrations order by version`) {
      const file = files.find((migration) => migration.hash === hash);
      if (!file) throw new Error(`The lobby's migration with the hash ${hash} is not there any more`);
      await tx.unsafe(file.sql);
    }
  });
}

/**
 * Provisions a ready tenant with one project, as the old code did.
 * @param later the migrations that a team wrote after `0000_tenant.sql`, in the same set
 */
export async function provisionAsBefore(
  owner: Owner,
  later: readonly string[] = [],
): Promise<TenantHome & { slug: string }> {
  const home = await insertTenant(owner);
  const { tenantId, schemaName, dbRole } = home;
  await createRole(owner, home);
  await createSchema(owner, home);
  const migrations = [await readFile(new URL('0000_tenant.sql', FIXTURES), 'utf8'), ...later];
  await owner.begin(async (tx) => {
    await tx`select set_config('search_path', quote_ident(${schemaName}) || ', pg_temp', true)`;
    await tx.unsafe(RECORD);
    for (const [index, sql] of migrations.entries()) {
      await tx.unsafe(sql);
      await tx`
        insert into atrium_migrations (version, hash, applied_at)
        values (${index + 1}, ${hashOf(sql)}, now() - interval '1 year 0.000123 s')`;
    }
    await tx`grant select, insert, update, delete on all tables in schema ${tx(schemaName)} to ${tx(dbRole)}`;
    await tx`grant usage on all sequences in schema ${tx(schemaName)} to ${tx(dbRole)}`;
    await tx`revoke all on atrium_migrations from ${tx(dbRole)}`;
    await tx`insert into projects (id, name) values (${tenantId}, 'Apollo')`;
    await tx`
      update public.tenants set status = 'ready', schema_version = ${migrations.length} where id = ${tenantId}`;
  });
  return home;
}
