import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { migrateLobby } from '../../db/migrations/owner/migrate.ts';
import { newestVersions, readSets, schemaVersion } from '../../db/migrations/sets.ts';
import { connectOwner, type Owner } from '../../db/connection/owner/connect.ts';
import { createRole, createSchema } from '../../db/tenancy/owner/provision.ts';
import { startStack } from '../../dev/stack.ts';
import { bootstrapScratch, scratchDatabase } from '../db/scratch.ts';
import { connect, superuserUrl } from '../support/database.ts';
import { insertTenant } from '../support/workflow-homes.ts';
import { runScript } from './command.ts';

// The command that applies migrations.
const stack = inject('stack');
const bun = stack.env['ATRIUM_BUN'] ?? 'bun';

/** Inserts a ready tenant without migrations: its schema is empty. */
async function insertBehind(owner: Owner): ReturnType<typeof insertTenant> {
  const home = await insertTenant(owner);
  await createRole(owner, home);
  await createSchema(owner, home);
  await owner`update public.tenants set status = 'ready' where id = ${home.tenantId}`;
  return home;
}

async function versionOf(owner: Owner, { tenantId }: { tenantId: string }): Promise<unknown> {
  const [row] = await owner`select schema_version as version from public.tenants where id = ${tenantId}`;
  return row?.['version'];
}

test('migrate goes on after a tenant that fails, names it, and says when bootstrap is to be run again', async () => {
  const { PATH = '', HOME = '' } = stack.env;
  await using scratch = await scratchDatabase(stack);
  await migrateLobby(scratch.databaseOwnerUrl);
  const owner = connectOwner(scratch.databaseOwnerUrl, { max: 2, name: 'atrium test' });
  const migrate = () =>
    runScript(['migrate'], { bun, env: { PATH, HOME, DATABASE_OWNER_URL: scratch.databaseOwnerUrl } });
  const [stuck, other] = [await insertBehind(owner), await insertBehind(owner)];
  await owner`create table ${owner(stuck.schemaName)}.projects (in_the_way int)`;
  const database = new URL(scratch.databaseUrl).pathname.slice(1);
  await using admin = connect(superuserUrl(stack, scratch.databaseUrl));
  await admin.sql.unsafe(`alter database ${database} set atrium.bootstrap_version = '1'`);

  const { code, output, errors } = await migrate();
  expect(code).toBe(1);
  expect(output).toContain('tenants: 1 migrated, 1 failed');
  expect(errors).toContain(`${stuck.slug} (${stuck.tenantId}): PostgreSQL refuses: relation "projects" already exists`);
  expect(errors).toMatch(
    new RegExp(
      `bootstrap: the database has version 1, .* Run db/migrations/owner/bootstrap.sql again in the database ${database}`,
    ),
  );
  expect(await versionOf(owner, other)).toBe(schemaVersion(newestVersions(readSets('tenant'))));
  expect(await versionOf(owner, stuck)).toBe(0);

  await owner`drop table ${owner(stuck.schemaName)}.projects`;
  await bootstrapScratch(stack, database);
  const again = await migrate();
  expect(again).toMatchObject({ code: 0, errors: '' });
  expect(again.output).toContain('tenants: 1 migrated, 0 failed');

  await owner`update public.atrium_versions set hash = 'of another text' where set = 'atrium' and version = 2`;
  const edited = await migrate();
  expect(edited.code).toBe(1);
  expect(edited.errors).toMatch(
    /^Migration 2 of public, db\/migrations\/lobby\/atrium\/0001_guards\.sql, .* `bun run dev --reset`/,
  );
  await owner.end();
});

test('the development stack migrates the tenants that are behind when it starts', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'atrium-behind-'));
  const lines: string[] = [];
  const start = () =>
    startStack({
      dataDir,
      log: (line) => void lines.push(line),
      port: 0,
      bun,
      env: stack.env,
      fast: true,
      parts: [],
    });
  const first = await start();
  const before = connectOwner(first.databaseOwnerUrl, { max: 2, name: 'atrium test' });
  const home = await insertBehind(before);
  await before.end();
  await first.stop();

  const second = await start();
  const after = connectOwner(second.databaseOwnerUrl, { max: 1, name: 'atrium test' });
  expect(await versionOf(after, home)).toBe(schemaVersion(newestVersions(readSets('tenant'))));
  expect(lines.join('\n')).toContain('database and 1 tenants migrated and seeded');
  await after.end();
  await second.stop();
  await rm(dataDir, { recursive: true, force: true });
}, 60_000);
