import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { migrateLobby } from '../../db/migrations/owner/migrate.ts';
import { newestVersions, readSets, schemaVersion } from '../../db/migrations/sets.ts';
import { ROOT } from '../docs/markdown.ts';
import { connect } from '../support/database.ts';
import { signUpTenant } from '../support/people.ts';
import { bootstrapScratch, scratchDatabase } from './scratch.ts';

const stack = inject('stack');

test.each(readSets('tenant'))('a migration of tenants in the set $name names no schema', async ({ folder }) => {
  const files = (await readdir(join(ROOT, folder))).filter((name) => name.endsWith('.sql'));
  expect(files).not.toEqual([]);
  for (const name of files) {
    const text = await readFile(join(ROOT, folder, name), 'utf8');
    const code = text.replaceAll(/--.*$|\/\*[^]*?\*\//gm, '').replaceAll(/'(?:[^']|'')*'/g, "''");
    expect(
      code.match(/"[^"]+"\s*\.|\b(?:public|tenant_\w+)\s*\.|\bset\s+search_path\b|\bcreate\s+schema\b/gi),
      name,
    ).toBeNull();
  }
});

test('migrating an empty lobby gives every table of the code, and again changes nothing', async () => {
  await using scratch = await scratchDatabase(stack);
  await migrateLobby(scratch.databaseOwnerUrl);
  const first = await historyOf(scratch.databaseOwnerUrl);
  expect(first.map(({ set, version, hash }) => ({ set, version, hash }))).toEqual(
    readSets('lobby').flatMap(({ name, migrations }) =>
      migrations.map(({ version, hash }) => ({ set: name, version, hash })),
    ),
  );
  await migrateLobby(scratch.databaseOwnerUrl);
  expect(await historyOf(scratch.databaseOwnerUrl)).toEqual(first);
});

test('many who migrate an empty lobby at once apply each migration once', async () => {
  await using scratch = await scratchDatabase(stack);
  await Promise.all(Array.from({ length: 6 }, () => migrateLobby(scratch.databaseOwnerUrl)));
  expect(await historyOf(scratch.databaseOwnerUrl)).toHaveLength(
    readSets('lobby').flatMap(({ migrations }) => migrations).length,
  );
});

test('bootstrapping a database again changes nothing in it', async () => {
  await using scratch = await scratchDatabase(stack);
  await migrateLobby(scratch.databaseOwnerUrl);
  const before = await historyOf(scratch.databaseOwnerUrl);
  const again = await bootstrapScratch(stack, new URL(scratch.databaseUrl).pathname.slice(1));
  expect(again).toEqual({ databaseUrl: scratch.databaseUrl, databaseOwnerUrl: scratch.databaseOwnerUrl });
  expect(await historyOf(scratch.databaseOwnerUrl)).toEqual(before);
});

test('a lobby that is ahead of the code is refused, not taken for its own', async () => {
  await using scratch = await scratchDatabase(stack);
  await migrateLobby(scratch.databaseOwnerUrl);
  await using owner = connect(scratch.databaseOwnerUrl);
  const next = newestVersions(readSets('lobby')).atrium + 1;
  await owner.sql`
    insert into public.atrium_versions (set, version, hash) values ('atrium', ${next}, 'of a newer release')`;
  await expect(migrateLobby(scratch.databaseOwnerUrl)).rejects.toThrow(
    `public is at version ${next} of the set atrium, newer than this code`,
  );
});

test("a tenant's schema records the version of each set, and the lobby says the same", async () => {
  const { tenantId } = await signUpTenant(stack);
  await using owner = connect(stack.databaseOwnerUrl);
  const newest = newestVersions(readSets('tenant'));
  const [tenant] = await owner.sql<
    { schema: string; version: number; atrium: number; product: number; more: object }[]
  >`
    select schema_name as schema, schema_version as version, atrium_version as atrium, product_version as product,
      extension_versions as more
    from public.tenants where id = ${tenantId}`;
  expect(tenant).toMatchObject({
    version: schemaVersion(newest),
    atrium: newest.atrium,
    product: newest.product,
    more: newest.extensions,
  });
  const rows = await owner.sql`
    select set, max(version) as version from ${owner.sql(tenant?.schema ?? '')}.atrium_versions group by set order by set`;
  expect(Array.from(rows)).toEqual([
    { set: 'atrium', version: newest.atrium },
    { set: 'product', version: newest.product },
  ]);
});

interface HistoryRow {
  set: string;
  version: number;
  hash: string;
  applied_at: Date;
}

async function historyOf(ownerUrl: string): Promise<HistoryRow[]> {
  await using owner = connect(ownerUrl);
  return Array.from(await owner.sql<HistoryRow[]>`select * from public.atrium_versions order by set, version`);
}
