import { expect, inject, test } from 'vitest';
import { connectOwner, type Owner } from '../../db/connection/owner/connect.ts';
import { migrateLobby } from '../../db/migrations/owner/migrate.ts';
import { readSets } from '../../db/migrations/sets.ts';
import { migrateFleet } from '../../db/tenancy/owner/fleet.ts';
import { createRole, createSchema, migrateTenant, type TenantHome } from '../../db/tenancy/owner/provision.ts';
import { connect } from '../support/database.ts';
import { insertTenant } from '../support/workflow-homes.ts';
import { catalogOf } from './catalog.ts';
import { LOBBY_VERSIONS, makeLobbyAsBefore, provisionAsBefore } from './first-layout.ts';
import { firstSets, withMigration } from './made-up-sets.ts';
import { scratchDatabase } from './scratch.ts';

// Upgrades of databases from before there were sets of migrations.
const stack = inject('stack');
const TASKS = 'create table tasks (id uuid primary key, project_id uuid not null references projects (id))';
/** The sets of a clone whose team has moved its own migration to the set of the product. */
const CLONE = withMigration(firstSets(), 'product', TASKS);

/** Creates an empty database. @returns it, and the owner's connections to it */
async function emptyDatabase() {
  const scratch = await scratchDatabase(stack);
  const owner = connectOwner(scratch.databaseOwnerUrl, { max: 2, name: 'atrium test' });
  return {
    ...scratch,
    owner,
    async [Symbol.asyncDispose]() {
      await owner.end();
      await scratch[Symbol.asyncDispose]();
    },
  };
}

async function provisionNow(owner: Owner, sets = firstSets()): Promise<TenantHome> {
  const home = await insertTenant(owner);
  await createRole(owner, home);
  await createSchema(owner, home);
  await migrateTenant(owner, home, sets);
  return home;
}

const tenantCatalog = (owner: Owner, { schemaName, dbRole }: TenantHome): Promise<string[]> =>
  catalogOf(owner, schemaName, {
    without: ['atrium_migrations', 'atrium_migrations_pkey'],
    replace: { [dbRole]: '<role>' },
  });

async function rowOf(owner: Owner, { tenantId }: TenantHome): Promise<unknown> {
  const [row] = await owner`
    select schema_version as version, atrium_version as atrium, product_version as product, extension_versions as more
    from public.tenants where id = ${tenantId}`;
  return row;
}

test.each(LOBBY_VERSIONS)('a lobby at the old version %i is upgraded to what a fresh one is', async (version) => {
  await using old = await emptyDatabase();
  await using fresh = await emptyDatabase();
  await makeLobbyAsBefore(old.owner, version);
  const record = await old.owner`select version, hash, applied_at::text from public.atrium_migrations order by version`;
  await migrateLobby(old.databaseOwnerUrl);
  await migrateLobby(fresh.databaseOwnerUrl);
  const catalog = await catalogOf(old.owner, 'public');
  expect(catalog).toContainEqual(expect.stringMatching(/^column tenants \d+ atrium_version integer t /));
  expect(catalog).toEqual(await catalogOf(fresh.owner, 'public'));

  // Older servers still read the old version from the old table.
  expect(
    await old.owner`select version, hash, applied_at::text from public.atrium_migrations order by version`,
  ).toEqual(record);
  await using app = connect(old.databaseUrl);
  expect(Array.from(await app.sql`select max(version) as version from public.atrium_migrations`)).toEqual([
    { version },
  ]);
  const adopted = await old.owner`
    select version, hash, applied_at::text from public.atrium_versions where version <= ${version} order by version`;
  expect(Array.from(adopted)).toEqual(Array.from(record));
});

test.each([
  { what: 'the one old migration', later: [], sets: firstSets() },
  { what: "a team's own migration in the old set", later: [TASKS], sets: CLONE },
])('a tenant with $what is upgraded to what a fresh one is, and no migration runs', async ({ later, sets }) => {
  await using database = await emptyDatabase();
  const { owner } = database;
  await makeLobbyAsBefore(owner, 7);
  const home = await provisionAsBefore(owner, later);
  const recordOf = () =>
    owner<{ version: number; hash: string; applied_at: string }[]>`
      select version, hash, applied_at::text from ${owner(home.schemaName)}.atrium_migrations order by version`;
  const record = await recordOf();

  await migrateLobby(database.databaseOwnerUrl);
  const row = { version: 2 + later.length, atrium: 1, product: 1 + later.length, more: {} };
  expect(await rowOf(owner, home)).toEqual(row);
  expect(await migrateFleet(owner, sets)).toEqual({ migrated: 1, failed: [] });
  expect(await rowOf(owner, home)).toEqual(row);
  expect(await migrateFleet(owner, sets)).toEqual({ migrated: 0, failed: [] });

  const fresh = await provisionNow(owner, sets);
  const catalog = await tenantCatalog(owner, home);
  expect(catalog).toContain('column projects 2 name text t');
  expect(catalog).toEqual(await tenantCatalog(owner, fresh));
  const [project] = await owner`select name from ${owner(home.schemaName)}.projects`;
  expect(project).toEqual({ name: 'Apollo' });

  expect(await recordOf()).toEqual(record);
  const versions = await owner<{ set: string; version: number; hash: string; applied_at: string }[]>`
    select set, version, hash, applied_at::text from ${owner(home.schemaName)}.atrium_versions order by set, version`;
  expect(versions.map(({ set, version, hash }) => ({ set, version, hash }))).toEqual(
    sets.flatMap(({ name, migrations }) => migrations.map(({ version, hash }) => ({ set: name, version, hash }))),
  );
  expect(versions.map((each) => each.applied_at)).toEqual([record[0], ...record].map((each) => each?.applied_at));
  await using app = connect(database.databaseUrl);
  const asTenant = app.sql.begin(async (tx) => {
    await tx`select set_config('role', ${home.dbRole}, true)`;
    return await tx`select from ${tx(home.schemaName)}.atrium_migrations`;
  });
  await expect(asTenant).rejects.toMatchObject({ code: '42501' });
});

test('a tenant that an older worker makes after the upgrade is found by the next migrate', async () => {
  await using database = await emptyDatabase();
  const { owner } = database;
  await migrateLobby(database.databaseOwnerUrl);
  const home = await provisionAsBefore(owner);
  expect(await migrateFleet(owner, firstSets())).toEqual({ migrated: 1, failed: [] });
  expect(await rowOf(owner, home)).toEqual({ version: 2, atrium: 1, product: 1, more: {} });
});

test('an old migration that no file has the hash of stops with advice, and changes nothing', async () => {
  await using database = await emptyDatabase();
  const { owner, databaseOwnerUrl } = database;
  await makeLobbyAsBefore(owner, 7);
  const home = await provisionAsBefore(owner, [TASKS]);
  await owner`update public.atrium_migrations set hash = 'of a lost file' where version = 7`;
  await expect(migrateLobby(databaseOwnerUrl)).rejects.toThrow(
    /^Migration 7 of public was applied before migrations came in sets, .* to db\/migrations\/lobby\/product\/, .*migrations\.md/,
  );
  expect(await owner`select from pg_class where relname = 'atrium_versions'`).toHaveLength(0);

  const right = readSets('lobby')[0]?.migrations[6]?.hash ?? '';
  await owner`update public.atrium_migrations set hash = ${right} where version = 7`;
  await migrateLobby(databaseOwnerUrl);
  // The team has not moved its migration yet.
  const { migrated, failed } = await migrateFleet(owner, firstSets());
  expect({ migrated, failed }).toMatchObject({ migrated: 0, failed: [{ item: home.slug }] });
  expect(String(failed[0]?.error)).toMatch(
    /Migration 2 of tenant_\w+ was applied before .* unchanged, to db\/migrations\/tenant\/product\//,
  );
  expect(await migrateFleet(owner, CLONE)).toEqual({ migrated: 1, failed: [] });
});
