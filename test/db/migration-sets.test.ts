import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connectOwner, type Owner } from '../../db/connection/owner/connect.ts';
import { migrateLobby } from '../../db/migrations/owner/migrate.ts';
import { readSets, type MigrationSet } from '../../db/migrations/sets.ts';
import { migrateFleet } from '../../db/tenancy/owner/fleet.ts';
import { createRole, createSchema, migrateTenant, type TenantHome } from '../../db/tenancy/owner/provision.ts';
import { insertTenant } from '../support/workflow-homes.ts';
import { firstSets, withEdited, withMigration } from './made-up-sets.ts';
import { scratchDatabase, type ScratchDatabase } from './scratch.ts';

// The sets of migrations of Atrium and of the product grow independently.
const stack = inject('stack');
const SETS = firstSets();
const NOTES = 'create table atrium_notes (id uuid primary key)';
const TASKS = 'create table tasks (id uuid primary key, project_id uuid references projects (id))';
let scratch: ScratchDatabase;
let owner: Owner;

beforeAll(async () => {
  scratch = await scratchDatabase(stack);
  await migrateLobby(scratch.databaseOwnerUrl);
  owner = connectOwner(scratch.databaseOwnerUrl, { max: 2, name: 'atrium test' });
});
afterAll(async () => {
  await owner.end();
  await scratch[Symbol.asyncDispose]();
});

async function provision(sets: readonly MigrationSet[]): Promise<TenantHome> {
  const home = await insertTenant(owner);
  await createRole(owner, home);
  await createSchema(owner, home);
  await migrateTenant(owner, home, sets);
  return home;
}

async function versionsOf({ tenantId, schemaName }: TenantHome): Promise<unknown> {
  const [row] = await owner<{ version: number; atrium: number; product: number; more: unknown }[]>`
    select schema_version as version, atrium_version as atrium, product_version as product, extension_versions as more
    from public.tenants where id = ${tenantId}`;
  const recorded = await owner<{ line: string }[]>`
    select set || ' ' || version as line from ${owner(schemaName)}.atrium_versions order by applied_at, set, version`;
  return { ...row, recorded: recorded.map(({ line }) => line) };
}

test('a later migration of Atrium is applied to a tenant that has later migrations of the product', async () => {
  const withTasks = withMigration(SETS, 'product', TASKS);
  const home = await provision(withTasks);
  await migrateTenant(owner, home, withMigration(withTasks, 'atrium', NOTES));
  expect(await versionsOf(home)).toEqual({
    version: 4,
    atrium: 2,
    product: 2,
    more: {},
    recorded: ['atrium 1', 'product 1', 'product 2', 'atrium 2'],
  });
});

test('a later migration of the product is applied to a tenant that has later migrations of Atrium', async () => {
  const withNotes = withMigration(SETS, 'atrium', NOTES);
  const home = await provision(withNotes);
  await migrateTenant(owner, home, withMigration(withNotes, 'product', TASKS));
  expect(await versionsOf(home)).toEqual({
    version: 4,
    atrium: 2,
    product: 2,
    more: {},
    recorded: ['atrium 1', 'atrium 2', 'product 1', 'product 2'],
  });
});

test('a set of an extension runs after the two that every tenant has, and counts by itself', async () => {
  const leads = 'create table leads (id uuid primary key, project_id uuid references projects (id))';
  const home = await provision(withMigration(SETS, 'extension:crm', leads));
  expect(await versionsOf(home)).toEqual({
    version: 2,
    atrium: 1,
    product: 1,
    more: { crm: 1 },
    recorded: ['atrium 1', 'extension:crm 1', 'product 1'],
  });
});

test.each(['atrium', 'product', 'extension:crm'] as const)(
  'a tenant that is behind in the set %s alone is found and migrated, once',
  async (name) => {
    const home = await provision(SETS);
    await owner`update public.tenants set status = 'ready' where id = ${home.tenantId}`;
    const later = withMigration(SETS, name, 'create table later (id int)');
    expect(await migrateFleet(owner, SETS)).toEqual({ migrated: 0, failed: [] });
    expect(await migrateFleet(owner, later)).toEqual({ migrated: 1, failed: [] });
    expect(await migrateFleet(owner, later)).toEqual({ migrated: 0, failed: [] });
    await owner`update public.tenants set status = 'provisioning' where id = ${home.tenantId}`;
  },
);

test.each(['atrium', 'product'] as const)(
  'a migration of tenants in the set %s that was edited after it was applied is refused by name, with advice',
  async (name) => {
    const home = await provision(SETS);
    await expect(migrateTenant(owner, home, withEdited(SETS, name))).rejects.toThrow(
      new RegExp(
        `^Migration 1 of tenant_\\w+, db/migrations/tenant/${name}/0000_\\w+\\.sql, .* must not change.*reset`,
      ),
    );
  },
);

test.each(['atrium', 'product'] as const)(
  'a migration of the lobby in the set %s that was edited after it was applied is refused by name, with advice',
  async (name) => {
    await using other = await scratchDatabase(stack);
    const sets = withMigration(readSets('lobby'), 'product', 'create table public.plans (id int)');
    await migrateLobby(other.databaseOwnerUrl, sets);
    await expect(migrateLobby(other.databaseOwnerUrl, withEdited(sets, name))).rejects.toThrow(
      new RegExp(`^Migration 1 of public, db/migrations/lobby/${name}/[\\w-]+\\.sql, .* must not change.*reset`),
    );
  },
);

test('a migration that is put before an applied one of its set is refused by name, with advice', async () => {
  const tasks = withMigration(SETS, 'product', TASKS);
  const home = await provision(withMigration(tasks, 'product', 'create table labels (id int)'));
  await owner`delete from ${owner(home.schemaName)}.atrium_versions where set = 'product' and version = 2`;
  await expect(
    migrateTenant(owner, home, withMigration(tasks, 'product', 'create table labels (id int)')),
  ).rejects.toThrow(/^Migration 2 of tenant_\w+, .* is not applied, but a later one .* at the end of .*_journal\.json/);
});

test('a tenant that a later release migrated is refused, not taken for its own', async () => {
  const home = await provision(withMigration(SETS, 'product', TASKS));
  await expect(migrateTenant(owner, home, SETS)).rejects.toThrow(
    /tenant_\w+ is at version 2 of the set product, newer than this code, which knows 1/,
  );
});
