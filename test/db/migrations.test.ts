import { readdir, readFile } from 'node:fs/promises';
import { expect, inject, test } from 'vitest';
import { readMigrations } from '../../db/migrations/files.ts';
import { migrateLobby } from '../../db/migrations/owner/migrate.ts';
import { connect } from '../support/database.ts';
import { signUpTenant } from '../support/people.ts';
import { bootstrapScratch, scratchDatabase } from './scratch.ts';

const stack = inject('stack');
const FOLDER = new URL('../../db/migrations/', import.meta.url);

test('a migration of tenants names no schema', async () => {
  const files = (await readdir(new URL('tenant/', FOLDER))).filter((name) => name.endsWith('.sql'));
  expect(files).not.toEqual([]);
  for (const name of files) {
    const text = await readFile(new URL(`tenant/${name}`, FOLDER), 'utf8');
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
  expect(first.map(({ version }) => version)).toEqual(readMigrations('lobby').map(({ version }) => version));
  await migrateLobby(scratch.databaseOwnerUrl);
  expect(await historyOf(scratch.databaseOwnerUrl)).toEqual(first);
});

test('many who migrate an empty lobby at once apply each migration once', async () => {
  await using scratch = await scratchDatabase(stack);
  await Promise.all(Array.from({ length: 6 }, () => migrateLobby(scratch.databaseOwnerUrl)));
  expect(await historyOf(scratch.databaseOwnerUrl)).toHaveLength(readMigrations('lobby').length);
});

test('bootstrapping a database again changes nothing in it', async () => {
  await using scratch = await scratchDatabase(stack);
  await migrateLobby(scratch.databaseOwnerUrl);
  const before = await historyOf(scratch.databaseOwnerUrl);
  const again = await bootstrapScratch(stack, new URL(scratch.databaseUrl).pathname.slice(1));
  expect(again).toEqual({ databaseUrl: scratch.databaseUrl, databaseOwnerUrl: scratch.databaseOwnerUrl });
  expect(await historyOf(scratch.databaseOwnerUrl)).toEqual(before);
});

test('a migration that was edited after it was applied is refused, by name', async () => {
  await using scratch = await scratchDatabase(stack);
  await migrateLobby(scratch.databaseOwnerUrl);
  await using owner = connect(scratch.databaseOwnerUrl);
  await owner.sql`update public.atrium_migrations set hash = 'of another text' where version = 1`;
  await expect(migrateLobby(scratch.databaseOwnerUrl)).rejects.toThrow(/Migration 1 of public, .* must not change/);
});

test('a lobby that is ahead of the code is refused, not taken for its own', async () => {
  await using scratch = await scratchDatabase(stack);
  await migrateLobby(scratch.databaseOwnerUrl);
  await using owner = connect(scratch.databaseOwnerUrl);
  const next = readMigrations('lobby').length + 1;
  await owner.sql`insert into public.atrium_migrations (version, hash) values (${next}, 'of a newer release')`;
  await expect(migrateLobby(scratch.databaseOwnerUrl)).rejects.toThrow(
    `public is at version ${next}, newer than this code`,
  );
});

test("a tenant's schema records its version, and the lobby says the same", async () => {
  const { tenantId } = await signUpTenant(stack);
  await using owner = connect(stack.databaseOwnerUrl);
  const newest = readMigrations('tenant').length;
  const [tenant] = await owner.sql<{ schema_name: string; schema_version: number }[]>`
    select schema_name, schema_version from public.tenants where id = ${tenantId}`;
  expect(tenant?.schema_version).toBe(newest);
  const rows = await owner.sql`
    select max(version) as version from ${owner.sql(tenant?.schema_name ?? '')}.atrium_migrations`;
  expect(rows[0]).toEqual({ version: newest });
});

async function historyOf(ownerUrl: string): Promise<{ version: number; hash: string; applied_at: Date }[]> {
  await using owner = connect(ownerUrl);
  return Array.from(
    await owner.sql<{ version: number; hash: string; applied_at: Date }[]>`
      select * from public.atrium_migrations order by version`,
  );
}
