import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { expect, inject, test } from 'vitest';
import { enterTenant } from '../../db/entering/enter.ts';
import type { Tx } from '../../db/connection/lane.ts';
import type { Pool } from '../../db/connection/pool.ts';
import { connect, superuserUrl } from '../support/database.ts';
import { openPool } from '../support/pool-open.ts';
import { doorTo, foundPair } from '../support/pool-tenants.ts';
import { scratchDatabase } from './scratch.ts';

// A transaction leaves nothing on its connection for the next one.
const stack = inject('stack');
const undo = new Error('undo');

/** Creates a database without the restrictions of `bootstrap.sql`, as on a server that does not allow them. */
async function openDatabase() {
  const scratch = await scratchDatabase(stack);
  await using admin = connect(superuserUrl(stack, scratch.databaseUrl));
  await admin.sql`grant execute on all functions in schema pg_catalog to public`;
  await admin.sql`create sequence public.numbers`;
  await admin.sql`grant usage on schema public to atrium_app`;
  await admin.sql`grant usage on sequence public.numbers to atrium_app`;
  return scratch;
}

/** Leaves one thing of each kind that outlives a transaction. */
async function litter(tx: Tx): Promise<void> {
  await tx.execute(sql`
    select set_config('atrium.tenant_id', ${randomUUID()}, false), set_config('statement_timeout', '9s', false),
      set_config('default_transaction_read_only', 'on', false), set_config('search_path', 'public', false),
      set_config('application_name', 'litter', false)`);
  await tx.execute(sql`select pg_advisory_lock(1), pg_advisory_lock_shared(2, 3), pg_try_advisory_lock(4)`);
}

async function tracesOn(pool: Pool): Promise<unknown> {
  return await pool.transaction({ readOnly: false }, async (tx) => {
    const [row] = await tx.execute(sql`
      select current_user as role, current_setting('search_path') as path, current_setting('statement_timeout') as timeout,
        nullif(current_setting('atrium.tenant_id', true), '') as tenant, current_setting('transaction_read_only') as "readOnly",
        current_setting('application_name') as name,
        (select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks`);
    return row;
  });
}

const CLEAN = {
  role: 'atrium_app',
  path: '""',
  timeout: '10s',
  tenant: null,
  readOnly: 'off',
  name: 'atrium test',
  locks: 0,
};

test.each(['commits', 'only reads', 'rolls back', 'has failed'])(
  'a transaction that %s leaves no trace on its connection, though PostgreSQL allows the statement',
  async (end) => {
    await using database = await openDatabase();
    await using held = openPool(database.databaseUrl, 1);
    expect(await tracesOn(held.pool)).toEqual(CLEAN);
    const work = held.pool.transaction({ readOnly: end === 'only reads' }, async (tx) => {
      if (end !== 'only reads') await tx.execute(sql`select nextval('public.numbers')`);
      await litter(tx);
      if (end === 'rolls back') throw undo;
      if (end === 'has failed') await tx.execute(sql`select 1 / 0`).catch(() => undefined);
    });
    await work.catch((error: unknown) => {
      if (end !== 'rolls back' && end !== 'has failed') throw error;
    });
    expect(await tracesOn(held.pool)).toEqual(CLEAN);
    const last = held.pool.transaction({ readOnly: true }, (tx) => tx.execute(sql`select lastval()`));
    await expect(last).rejects.toMatchObject({ cause: { code: '55000' } });
    // It is still the same connection, with its prepared statements.
    const [named] = await held.pool.transaction({ readOnly: true }, (tx) =>
      tx.execute(sql`select count(*)::int as count from pg_prepared_statements`),
    );
    expect(named?.['count']).toBeGreaterThan(1);
  },
);

test('a role that is set for the session ends with the transaction, in the schema of a tenant and in the lobby', async () => {
  const [ada, ben] = await foundPair(stack);
  await using held = openPool(stack.databaseUrl, 1);
  for (const readOnly of [true, false]) {
    await enterTenant(held.pool, doorTo(ada, 'lobby', readOnly), ({ tx }) =>
      tx.execute(
        sql`select set_config('atrium.tenant_id', ${ada.tenantId}, false), set_config('role', ${ada.role}, false)`,
      ),
    );
    const [who] = await enterTenant(held.pool, doorTo(ben, 'tenant', true), ({ tx }) =>
      tx.execute(sql`select current_user as role`),
    );
    expect(who).toEqual({ role: ben.role });
    expect(await tracesOn(held.pool)).toMatchObject({ role: 'atrium_app', tenant: null });
  }
});

test('read transactions that swallow an error leave the connection usable for the next ones', async () => {
  await using held = openPool(stack.databaseUrl, 1);
  const answers = Array.from({ length: 20 }, (_, index) =>
    held.pool.transaction({ readOnly: true }, async (tx) => {
      await tx.execute(sql`select 1 / 0`).catch(() => undefined);
      return index;
    }),
  );
  expect(await Promise.all(answers)).toEqual(answers.map((_, index) => index));
  expect(await tracesOn(held.pool)).toMatchObject(CLEAN);
});
