import { afterAll, expect, inject, test } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { provisionWorkflowId } from '../../workflows/contract.ts';
import { connect, refusal } from '../support/database.ts';
import { openBench } from '../support/workflow-bench.ts';
import { insertTenant, lookAt } from '../support/workflow-homes.ts';

const stack = inject('stack');
const bench = await openBench(stack);
const { owner } = bench;
afterAll(() => bench.close());

const provision = (tenantId: string) => bench.start('provisionTenant', provisionWorkflowId(tenantId), { tenantId });

test("provisioning grants the tenant's role its own tables, and no more", async () => {
  const home = await insertTenant(owner);
  await (await provision(home.tenantId)).result();

  await using app = connect(stack.databaseUrl);
  const id = uuidv7();
  const names = await app.sql.begin(async (tx) => {
    await tx`select set_config('role', ${home.dbRole}, true), set_config('search_path', ${home.schemaName}, true)`;
    await tx`insert into projects (id, name) values (${id}, 'Apollo')`;
    await tx`update projects set name = 'Gemini' where id = ${id}`;
    return await tx`select name from projects`;
  });
  expect(names).toEqual([{ name: 'Gemini' }]);

  for (const statement of [
    'drop table projects',
    'create table mine ()',
    'select from atrium_versions',
    'select from public.tenants',
  ]) {
    const error = await refusal(
      app.sql.begin(async (tx) => {
        await tx`select set_config('role', ${home.dbRole}, true), set_config('search_path', ${home.schemaName}, true)`;
        await tx.unsafe(statement);
      }),
    );
    expect(error.code, statement).toBe('42501');
  }
});

test("provisioning fails on a schema of the same name that is not the tenant's, and does not touch it", async () => {
  const home = await insertTenant(owner);
  await owner`create schema ${owner(home.schemaName)}`;
  await owner`create table ${owner(home.schemaName)}.projects as select 'kept' as name`;
  try {
    await expect((await provision(home.tenantId)).result()).rejects.toThrow();

    expect(await lookAt(owner, home)).toMatchObject({
      status: 'failed',
      step: 'schema',
      role: false,
      schema: true,
      audit: ['failure'],
    });
    expect(await owner`select * from ${owner(home.schemaName)}.projects`).toEqual([{ name: 'kept' }]);
    const [schema] = await owner`select nspacl from pg_namespace where nspname = ${home.schemaName}`;
    expect(schema).toEqual({ nspacl: null });
  } finally {
    await owner`drop schema ${owner(home.schemaName)} cascade`;
  }
});

test('provisioning creates nothing for a tenant whose row is gone', async () => {
  const home = await insertTenant(owner);
  await owner`delete from public.tenants where id = ${home.tenantId}`;

  await expect((await provision(home.tenantId)).result()).rejects.toThrow();
  expect(await lookAt(owner, home)).toEqual({ schema: false, role: false, audit: [] });
});

test('provisioning creates nothing for a failed tenant without a retry', async () => {
  // As after a relay was killed between starting a workflow and deleting its row: the row is relayed again.
  const home = await insertTenant(owner);
  await owner`update public.tenants set status = 'failed' where id = ${home.tenantId}`;

  await (await provision(home.tenantId)).result().catch(() => undefined);
  expect(await lookAt(owner, home)).toMatchObject({ status: 'failed', schema: false, role: false });
});

test('provisioning does not change a ready tenant or its rows', async () => {
  const home = await insertTenant(owner);
  await (await provision(home.tenantId)).result();
  await owner`insert into ${owner(home.schemaName)}.projects (id, name) values (${uuidv7()}, 'Apollo')`;

  await (await provision(home.tenantId)).result().catch(() => undefined);
  expect(await lookAt(owner, home)).toMatchObject({ status: 'ready', schema: true, role: true, audit: ['success'] });
  expect(await owner`select name from ${owner(home.schemaName)}.projects`).toEqual([{ name: 'Apollo' }]);
});

test('provisioning that an operator cancels leaves a complete tenant or none', async () => {
  const home = await insertTenant(owner);
  await using other = connect(stack.databaseOwnerUrl);
  const workflow = await provision(home.tenantId);
  // The first step waits for the row lock until the workflow is cancelled.
  await other.sql.begin(async (tx) => {
    await tx`select from public.tenants where id = ${home.tenantId} for update`;
    await workflow.cancel();
  });
  await workflow.result().catch(() => undefined);

  const { status, schema, role } = await lookAt(owner, home);
  expect([
    { status: 'ready', schema: true, role: true },
    { status: 'failed', schema: false, role: false },
  ]).toContainEqual({ status, schema, role });
});
