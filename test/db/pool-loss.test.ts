import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { sql } from 'drizzle-orm';
import { afterAll, expect, inject, test } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { describeError } from '../../core/log/describe-error.ts';
import { writeAudit } from '../../db/audit/write.ts';
import type { Tx } from '../../db/connection/lane.ts';
import type { Pool } from '../../db/connection/pool.ts';
import { connect } from '../support/database.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { openPool } from '../support/pool-open.ts';
import { waitFor } from '../support/wait.ts';
import { systemEntry } from './audit-rows.ts';

// Transactions during an outage of PostgreSQL or of the network.
const stack = inject('stack');
const admin = connect(stack.databaseAdminUrl);
const owner = connect(stack.databaseOwnerUrl);
afterAll(async () => {
  await admin[Symbol.asyncDispose]();
  await owner[Symbol.asyncDispose]();
});

const WRITE = { readOnly: false } as const;
const READ = { readOnly: true } as const;

test.each([
  ['before its first statement', 0],
  ['between its statements', 1],
])('a transaction whose backend is killed %s fails as OVERLOADED, and is rolled back', async (_, before) => {
  await using held = openPool(stack.databaseUrl, 1);
  const requestId = `killed-${randomUUID()}`;
  const refusals: string[] = [];
  const attempt = held.pool.transaction(WRITE, async (tx) => {
    const pid = await backendOf(tx);
    for (let row = 0; row < before; row += 1) await writeAudit(tx, systemEntry({ requestId }));
    await kill(pid);
    // Code that ignores errors goes on. Its statements must not reach the connection that replaces the lost one.
    for (let row = 0; row < 50; row += 1) {
      await writeAudit(tx, systemEntry({ requestId })).then(
        () => refusals.push('written'),
        (error: unknown) => refusals.push(String(error)),
      );
    }
  });
  await expect(attempt).rejects.toMatchObject({ name: 'AppError', reason: 'OVERLOADED' });
  expect(refusals).not.toContain('written');
  expect(Array.from(await owner.sql`select from public.audit_logs where request_id = ${requestId}`)).toEqual([]);
  expect(await answers(held.pool)).toBe(true);
});

test('a read transaction whose backend is killed fails as OVERLOADED', async () => {
  await using held = openPool(stack.databaseUrl, 1);
  const attempt = held.pool.transaction(READ, async (tx) => {
    await kill(await backendOf(tx));
    return await backendOf(tx);
  });
  await expect(attempt).rejects.toMatchObject({ reason: 'OVERLOADED' });
  expect(await answers(held.pool)).toBe(true);
});

test('a statement whose backend is killed while it runs fails as OVERLOADED', async () => {
  await using held = openPool(stack.databaseUrl, 1);
  const attempt = held.pool.transaction(READ, async (tx) => {
    const pid = await backendOf(tx);
    const sleeping = tx.execute(sql`select pg_sleep(60)`);
    const killing = waitFor('the statement to run', async () => {
      const [row] = await admin.sql`select from pg_stat_activity where pid = ${pid} and wait_event = 'PgSleep'`;
      return row !== undefined;
    }).then(() => kill(pid));
    await Promise.all([sleeping, killing]);
  });
  await expect(attempt).rejects.toMatchObject({ reason: 'OVERLOADED' });
});

test('a connection that was lost while idle causes at most one OVERLOADED, and never a wrong answer', async () => {
  await using held = openPool(stack.databaseUrl, 1);
  for (let round = 0; round < 5; round += 1) {
    const pid = await held.pool.transaction(READ, backendOf);
    await kill(pid);
    const first = await held.pool.transaction(READ, backendOf).catch((error: unknown) => error);
    if (typeof first !== 'number') expect(first).toMatchObject({ reason: 'OVERLOADED' });
    const next = await held.pool.transaction(READ, backendOf);
    expect(next).not.toBe(pid);
  }
});

test('a transaction without PostgreSQL in reach fails as OVERLOADED, and its error names no address', async () => {
  const url = new URL(stack.databaseUrl);
  url.port = String(await closedPort());
  await using held = openPool(url.href, 1);
  const error = await held.pool.transaction(READ, backendOf).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(AppError);
  expect(error).toMatchObject({ reason: 'OVERLOADED', details: { retryAfter: 2 } });
  expect(String(error)).not.toContain(url.port);
  expect(held.pool.stats()).toEqual({ busy: 0, waiting: 0 });
});

test('the pool reports once that PostgreSQL is out of reach, with the reason, and once that it is back', async () => {
  const real = new URL(stack.databaseUrl);
  await using proxy = await startFaultProxy(Number(real.port));
  const url = new URL(real);
  url.port = String(proxy.port);
  const told: [boolean, unknown][] = [];
  await using held = openPool(url.href, 2, (away, cause) => told.push([away, cause]));
  const tries = () => Promise.allSettled(Array.from({ length: 4 }, () => held.pool.transaction(READ, backendOf)));
  await tries();
  expect(told).toEqual([]);
  await proxy.refuse();
  proxy.reset();
  await waitFor('the loss to be told', async () => (await tries()).length > 0 && told.length > 0);
  await tries();
  expect(told).toHaveLength(1);
  expect(told[0]?.[0]).toBe(true);
  expect(JSON.stringify(describeError(told[0]?.[1]))).toMatch(/ECONNREFUSED|ECONNRESET/);
  await proxy.accept();
  await waitFor('the return to be told', async () => (await tries()).length > 0 && told.length > 1);
  expect(told.slice(1)).toEqual([[false, undefined]]);
});

test('the pool reports a wrong password as the reason why PostgreSQL is out of reach', async () => {
  const url = new URL(stack.databaseUrl);
  url.password = 'not-the-password';
  const told: unknown[] = [];
  await using held = openPool(url.href, 1, (_, cause) => told.push(cause));
  await expect(held.pool.transaction(READ, backendOf)).rejects.toMatchObject({ reason: 'OVERLOADED' });
  expect(JSON.stringify(told.map((cause) => describeError(cause)))).toContain('28P01');
});

test('closing the pool lets a running transaction end, and refuses later ones', async () => {
  const { pool } = openPool(stack.databaseUrl, 1);
  const requestId = `closing-${randomUUID()}`;
  let closing: Promise<void> | undefined;
  await pool.transaction(WRITE, async (tx) => {
    await writeAudit(tx, systemEntry({ requestId }));
    closing = pool.close(5);
    await expect(pool.transaction(READ, backendOf)).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' });
    await writeAudit(tx, systemEntry({ requestId }));
  });
  await closing;
  expect(await owner.sql`select from public.audit_logs where request_id = ${requestId}`).toHaveLength(2);
});

async function backendOf(tx: Tx): Promise<number> {
  const [row] = await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`);
  return row?.pid ?? 0;
}

/** Terminates a backend, and waits until it has ended. */
async function kill(pid: number): Promise<void> {
  await admin.sql`select pg_terminate_backend(${pid})`;
  await waitFor(`backend ${pid} to end`, async () => {
    const [row] = await admin.sql`select from pg_stat_activity where pid = ${pid}`;
    return row === undefined;
  });
}

async function answers(pool: Pool): Promise<boolean> {
  const again = () => pool.transaction(READ, backendOf);
  return (await again().catch(again)) > 0;
}

/** @returns a port on which no server listens */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No port');
  return address.port;
}
