import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { fitRolesToCitus } from '../../db/tenancy/owner/citus.ts';
import { migrateLobby } from '../../db/migrations/owner/migrate.ts';
import { connectOwner } from '../../db/connection/owner/connect.ts';
import {
  createRole,
  createSchema,
  dropRole,
  dropSchema,
  migrateTenant,
  type TenantHome,
} from '../../db/tenancy/owner/provision.ts';
import { connect, refusal, superuserUrl } from '../support/database.ts';
import { insertTenant } from '../support/workflow-homes.ts';
import { bootstrapScratch, scratchDatabase, type ScratchDatabase } from './scratch.ts';

// Citus is not installed here. An empty extension with its name shows what happens where it is.
const stack = inject('stack');
const PASSWORD = 'of-the-test-alone';
let extensions: string;

beforeAll(async () => {
  extensions = await mkdtemp(join(tmpdir(), 'atrium-citus-'));
  const folder = join(extensions, 'extension');
  await mkdir(folder);
  await writeFile(join(folder, 'citus.control'), "default_version = '1.0'\n");
  await writeFile(join(folder, 'citus--1.0.sql'), 'select 1;\n');
  await Promise.all([extensions, folder].map((path) => chmod(path, 0o755)));
});
afterAll(() => rm(extensions, { recursive: true, force: true }));

async function addCitus(scratch: ScratchDatabase): Promise<void> {
  await using admin = connect(superuserUrl(stack, scratch.databaseUrl));
  await admin.sql`select set_config('extension_control_path', ${`${extensions}:$system`}, false)`;
  await admin.sql`create extension citus`;
}

/** Reads a tenant's table on a connection of the tenant's role, as a Citus node does. */
async function readAs(scratch: ScratchDatabase, { dbRole, schemaName }: TenantHome): Promise<unknown> {
  await using admin = connect(superuserUrl(stack, scratch.databaseUrl));
  await admin.sql.unsafe(`alter role "${dbRole}" password '${PASSWORD}'`);
  const url = new URL(scratch.databaseUrl);
  url.username = dbRole;
  url.password = PASSWORD;
  await using node = connect(url.href);
  return await node.sql`select * from ${node.sql(schemaName)}.projects`;
}

test("a tenant's role can log in only where the Citus extension is installed", async () => {
  await using scratch = await scratchDatabase(stack);
  await migrateLobby(scratch.databaseOwnerUrl);
  const owner = connectOwner(scratch.databaseOwnerUrl, { max: 2, name: 'atrium test' });
  const provision = async () => {
    const home = await insertTenant(owner);
    await createRole(owner, home);
    await createSchema(owner, home);
    await migrateTenant(owner, home);
    return home;
  };
  const before = await provision();
  expect(await refusal(readAs(scratch, before))).toMatchObject({ code: '28000' });

  await addCitus(scratch);
  const between = await provision();
  expect(await refusal(readAs(scratch, before))).toMatchObject({ code: '28000' });
  // The role may log in, but has no CONNECT on this database yet.
  expect(await refusal(readAs(scratch, between))).toMatchObject({ code: '42501' });
  expect(await fitRolesToCitus(owner)).toEqual({ citus: true, changed: 1, failed: [] });
  expect(await fitRolesToCitus(owner)).toEqual({ citus: true, changed: 0, failed: [] });
  for (const home of [before, between]) expect(await readAs(scratch, home)).toHaveLength(0);

  await using admin = connect(superuserUrl(stack, scratch.databaseUrl));
  await admin.sql`drop extension citus`;
  expect(await fitRolesToCitus(owner)).toEqual({ citus: false, changed: 2, failed: [] });
  for (const home of [before, between]) {
    expect(await refusal(readAs(scratch, home))).toMatchObject({ code: '28000' });
    await dropSchema(owner, home);
    await dropRole(owner, home);
  }
  await owner.end();
});

test('bootstrap grants CONNECT to the roles of tenants only where the Citus extension is installed', async () => {
  await using scratch = await scratchDatabase(stack);
  await using admin = connect(superuserUrl(stack, scratch.databaseUrl));
  const isOpen = async (): Promise<unknown> => {
    const [row] = await admin.sql`select has_database_privilege('tenants', current_database(), 'connect') as open`;
    return row?.['open'];
  };
  expect(await isOpen()).toBe(false);
  await addCitus(scratch);
  await bootstrapScratch(stack, new URL(scratch.databaseUrl).pathname.slice(1));
  expect(await isOpen()).toBe(true);
});
