import { eq, sql } from 'drizzle-orm';
import { expect, inject, test } from 'vitest';
import { postgresError } from '../../db/connection/errors.ts';
import { tenants } from '../../db/tables/lobby.ts';
import { connect, superuserUrl } from '../support/database.ts';
import { openPool } from '../support/pool-open.ts';
import { foundPair } from '../support/pool-tenants.ts';
import { waitFor } from '../support/wait.ts';

// Transactions that PostgreSQL aborts for another one, and the shares of tenants in the pool.
const stack = inject('stack');
const WRITE = { readOnly: false } as const;

/** @returns the app's URL with an isolation level at which concurrent updates fail */
function repeatableRead(): string {
  const url = new URL(stack.databaseUrl);
  url.searchParams.set('default_transaction_isolation', 'repeatable read');
  return url.href;
}

test('a transaction with a serialization failure is retried once, and the retry sees what was committed meanwhile', async () => {
  const [{ tenantId }] = await foundPair(stack);
  await using owner = connect(stack.databaseOwnerUrl);
  await using held = openPool(repeatableRead(), 1);
  const seen: unknown[] = [];
  await held.pool.transaction(WRITE, async (tx) => {
    const [row] = await tx.select({ name: tenants.name }).from(tenants).where(eq(tenants.id, tenantId));
    seen.push(row?.name);
    if (seen.length === 1) await owner.sql`update public.tenants set name = 'Between' where id = ${tenantId}`;
    await tx.update(tenants).set({ name: 'After' }).where(eq(tenants.id, tenantId));
  });
  expect(seen).toEqual(['Acme', 'Between']);
  expect(await owner.sql`select name from public.tenants where id = ${tenantId}`).toEqual([{ name: 'After' }]);
});

test('a transaction with two serialization failures in a row fails', async () => {
  const [{ tenantId }] = await foundPair(stack);
  await using owner = connect(stack.databaseOwnerUrl);
  await using held = openPool(repeatableRead(), 1);
  let tries = 0;
  const work = held.pool.transaction(WRITE, async (tx) => {
    tries += 1;
    await tx.select({ name: tenants.name }).from(tenants).where(eq(tenants.id, tenantId));
    await owner.sql`update public.tenants set name = ${`Between ${tries}`} where id = ${tenantId}`;
    await tx.update(tenants).set({ name: 'After' }).where(eq(tenants.id, tenantId));
  });
  await expect(work).rejects.toSatisfy((error) => postgresError(error)?.code === '40001');
  expect(tries).toBe(2);
  expect(held.pool.stats()).toEqual({ busy: 0, waiting: 0 });
});

test('a transaction with a deadlock is retried once', async () => {
  const [{ tenantId: one }, { tenantId: two }] = await foundPair(stack);
  await using admin = connect(superuserUrl(stack, stack.databaseUrl));
  await using owner = connect(stack.databaseOwnerUrl);
  await using held = openPool(stack.databaseUrl, 1);
  const rename = (name: string, id: string) => admin.sql`update public.tenants set name = ${name} where id = ${id}`;
  let tries = 0;
  let crossing: Promise<unknown> | undefined;
  await held.pool.transaction(WRITE, async (tx) => {
    tries += 1;
    // No lock is held now, so the other transaction ends. Otherwise its row could be locked again before it continues.
    if (tries === 2) await crossing;
    await tx.update(tenants).set({ name: 'One' }).where(eq(tenants.id, one));
    if (tries === 1) {
      // The pool's transaction should detect the deadlock, and be rolled back.
      await admin.sql`set deadlock_timeout = '60s'`;
      await admin.sql`begin`;
      await rename('Two', two);
      const [backend] = await admin.sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
      crossing = rename('Two', one).then(() => admin.sql`commit`);
      // PostgreSQL checks for a deadlock once, after a second of waiting. The other transaction must wait by then.
      await waitFor(
        'the other to wait',
        async () => (await owner.sql`select from pg_locks where not granted and pid = ${backend?.pid ?? 0}`).length > 0,
      );
    }
    await tx.update(tenants).set({ name: 'One' }).where(eq(tenants.id, two));
  });
  await crossing;
  expect(tries).toBe(2);
  const rows = await admin.sql`select name from public.tenants where id in (${one}, ${two})`;
  expect(Array.from(rows)).toEqual([{ name: 'One' }, { name: 'One' }]);
});

test('a transaction with any other error is not retried', async () => {
  await using held = openPool(stack.databaseUrl, 1);
  let tries = 0;
  const work = held.pool.transaction(WRITE, async (tx) => {
    tries += 1;
    await tx.execute(sql`select 1 / 0`);
  });
  await expect(work).rejects.toSatisfy((error) => postgresError(error)?.code === '22012');
  expect(tries).toBe(1);
});

test('one tenant holds at most half of the connections, and another tenant is served meanwhile', async () => {
  await using held = openPool(stack.databaseUrl, 4);
  const { pool } = held;
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const hold = (share: string) =>
    pool.transaction({ readOnly: true, share }, async (tx) => {
      await tx.execute(sql`select 1`);
      await released;
    });
  const greedy = Array.from({ length: 10 }, () => hold('greedy'));
  expect(pool.stats()).toEqual({ busy: 2, waiting: 8 });
  await pool.transaction({ readOnly: true, share: 'modest' }, (tx) => tx.execute(sql`select 1`));
  release();
  await Promise.all(greedy);
});
