import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { expect, inject, test } from 'vitest';
import { enterTenant } from '../../db/entering/enter.ts';
import { postgresError } from '../../db/connection/errors.ts';
import type { Tx } from '../../db/connection/lane.ts';
import { tenants } from '../../db/tables/lobby.ts';
import { projects } from '../../db/tables/product/projects.ts';
import { connect } from '../support/database.ts';
import { openPool } from '../support/pool-open.ts';
import { doorTo, foundPair } from '../support/pool-tenants.ts';

// What a procedure cannot do with its database client.
const stack = inject('stack');
const WRITE = { readOnly: false } as const;

test.each([
  'set role none',
  'set local role none',
  'SET search_path = public',
  ' \n set search_path = public',
  'reset role',
  'reset all',
  'commit',
  'COMMIT; begin',
  'rollback',
  'end',
  'begin',
  'start transaction',
  'savepoint a',
  'release savepoint a',
  'do $$ begin end $$',
  'discard all',
  'prepare a as select 1',
  'execute a',
  'listen a',
  'copy pg_class to stdout',
  'call a()',
  'explain analyze select 1',
  '/* select */ reset role',
  '-- select\nreset role',
  'selection',
])('the pool refuses the statement of a procedure: %s', async (statement) => {
  await using held = openPool(stack.databaseUrl, 1);
  const sent = held.pool.transaction(WRITE, (tx) => tx.execute(sql.raw(statement)));
  await expect(sent).rejects.toHaveProperty('cause.message', expect.stringContaining('may not send'));
});

test.each([
  'select 1; reset role',
  'select 1; commit',
  'insert into a values (1); set role none',
  'with a as (select 1) select * from a; reset role',
])('the pool refuses two statements in one: %s', async (statement) => {
  await using held = openPool(stack.databaseUrl, 1);
  const sent = held.pool.transaction(WRITE, (tx) => tx.execute(sql.raw(statement)));
  await expect(sent).rejects.toSatisfy((error) => postgresError(error)?.code === '42601');
});

test('a transaction whose error was swallowed cannot be committed', async () => {
  await using held = openPool(stack.databaseUrl, 1);
  const [ada] = await foundPair(stack);
  const id = randomUUID();
  const work = enterTenant(held.pool, doorTo(ada, 'tenant', false), async ({ tx }) => {
    await tx.insert(projects).values({ id, name: 'kept?' });
    await tx.execute(sql`select 1 / 0`).catch(() => undefined);
    return 'all well';
  });
  await expect(work).rejects.toThrow(/rolled back/);
  await using owner = connect(stack.databaseOwnerUrl);
  expect(await owner.sql`select from ${owner.sql(ada.schema)}.projects where id = ${id}`).toHaveLength(0);
});

test('a read-only transaction refuses every write, in the schema of a tenant and in the lobby', async () => {
  await using held = openPool(stack.databaseUrl, 1);
  const [ada] = await foundPair(stack);
  const inTenant = enterTenant(held.pool, doorTo(ada, 'tenant', true), ({ tx }) =>
    tx.insert(projects).values({ id: randomUUID(), name: 'never' }),
  );
  await expect(inTenant).rejects.toSatisfy((error) => postgresError(error)?.code === '25006');
  const inLobby = enterTenant(held.pool, doorTo(ada, 'lobby', true), ({ tx }) =>
    tx.update(tenants).set({ name: 'never' }),
  );
  await expect(inLobby).rejects.toSatisfy((error) => postgresError(error)?.code === '25006');
});

test("a transaction's client is refused once the transaction has ended", async () => {
  await using held = openPool(stack.databaseUrl, 1);
  const leaked = await held.pool.transaction(WRITE, async (tx) => ({ tx }));
  await expect(userOf(leaked.tx)).rejects.toHaveProperty('cause.message', expect.stringContaining('is over'));
});

test("a transaction's client that is used later cannot reach the next transaction of its connection", async () => {
  await using held = openPool(stack.databaseUrl, 1);
  const [ada, ben] = await foundPair(stack);
  const adas = await enterTenant(held.pool, doorTo(ada, 'tenant', false), async ({ tx }) => ({ tx }));
  await enterTenant(held.pool, doorTo(ben, 'tenant', false), async ({ tx }) => {
    const strayed = adas.tx.insert(projects).values({ id: randomUUID(), name: 'of Ada' });
    await expect(strayed).rejects.toThrow();
    expect(await tx.select().from(projects)).toEqual([]);
  });
});

test('a query that was built in one transaction is refused in the next one', async () => {
  await using held = openPool(stack.databaseUrl, 1);
  const [ada, ben] = await foundPair(stack);
  const built = await enterTenant(held.pool, doorTo(ada, 'tenant', false), async ({ tx }) => ({
    run: tx.select().from(projects).prepare('built'),
  }));
  await enterTenant(held.pool, doorTo(ben, 'tenant', false), async () => {
    await expect(built.run.execute()).rejects.toThrow();
  });
});

async function userOf(tx: Tx): Promise<unknown> {
  const [row] = await tx.execute(sql`select current_user`);
  return row;
}
