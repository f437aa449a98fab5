import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, expect, inject, test } from 'vitest';
import { connectOwner, type OwnerTx } from '../../db/connection/owner/connect.ts';
import { connect } from '../support/database.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';

// What becomes of the owner's transactions when their connection goes: the worker that has them must live on.
const stack = inject('stack');
const admin = connect(stack.databaseAdminUrl);
const { port } = new URL(stack.databaseOwnerUrl);
const proxy = await startFaultProxy(Number(port));
const proxied = stack.databaseOwnerUrl.replace(`:${port}/`, `:${proxy.port}/`);
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await admin[Symbol.asyncDispose]();
});

/** What nobody caught: it would end a worker. */
const uncaught: unknown[] = [];
const note = (error: unknown): void => void uncaught.push(error);
beforeEach(() => {
  uncaught.length = 0;
  process.on('uncaughtException', note).on('unhandledRejection', note);
});
afterEach(async () => {
  // What the driver still has up its sleeve comes within a few turns of the event loop.
  await pause(50);
  process.off('uncaughtException', note).off('unhandledRejection', note);
});

async function kill(tx: OwnerTx): Promise<void> {
  const [backend] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
  await admin.sql`select pg_terminate_backend(${backend?.pid ?? 0}, 5000)`;
}

const TRANSACTIONS: [string, (tx: OwnerTx) => Promise<unknown>][] = [
  ['while a statement runs', (tx) => tx`select pg_terminate_backend(pg_backend_pid()), pg_sleep(5)`],
  [
    'between its statements',
    async (tx) => {
      await kill(tx);
      await pause(20);
      return await tx`select 1`;
    },
  ],
  [
    'before its COMMIT',
    async (tx) => {
      await kill(tx);
      await pause(20);
    },
  ],
  [
    'before the error of something else',
    async (tx) => {
      await kill(tx);
      await pause(20);
      throw new Error('something else');
    },
  ],
  [
    'while several statements wait',
    async (tx) => {
      await Promise.allSettled([tx`select pg_terminate_backend(pg_backend_pid()), pg_sleep(5)`, tx`select 1`]);
      return await tx.unsafe('select 1');
    },
  ],
  [
    'by the network, while a statement runs',
    async (tx) => {
      const sleeping = tx`select pg_sleep(5)`.execute();
      await pause(20);
      proxy.reset();
      return await sleeping;
    },
  ],
];

test.each(TRANSACTIONS)('a transaction that is ended %s fails, and the next one is served', async (_, work) => {
  const owner = connectOwner(proxied, { max: 2, name: 'atrium test loss' });
  try {
    for (let turn = 0; turn < 10; turn++) {
      await expect(owner.begin(work)).rejects.toThrow(/CONNECTION_CLOSED|ECONNRESET/);
      expect(await owner.begin(async (tx) => Array.from(await tx`select ${turn}::int as turn`))).toEqual([{ turn }]);
    }
  } finally {
    await owner.end({ timeout: 5 });
  }
  expect(uncaught).toEqual([]);
});

test('a connection that breaks while PostgreSQL greets it, or tells its types, fails whoever needed it, or is made anew', async () => {
  for (let bytes = 0; bytes < 1_500; bytes += 50) {
    const owner = connectOwner(proxied, { max: 1, name: 'atrium test loss' });
    try {
      proxy.cutAfter(bytes);
      const cut = owner.begin((tx) => tx`select ${['x']}::text[] as told`).catch(() => undefined);
      await pause(30);
      proxy.cutAfter(Number.POSITIVE_INFINITY);
      await cut;
      expect(Array.from(await owner`select ${['x']}::text[] as told`)).toEqual([{ told: ['x'] }]);
    } finally {
      proxy.cutAfter(Number.POSITIVE_INFINITY);
      await owner.end({ timeout: 5 });
    }
  }
  expect(uncaught).toEqual([]);
});

test('a connection that PostgreSQL ends while it asks for the types gives its next query all rows, with their types', async () => {
  for (let turn = 0; turn < 8; turn++) {
    const owner = connectOwner(stack.databaseOwnerUrl, { max: 1, name: `atrium test types ${turn}` });
    const ending = admin.sql.unsafe(`do $$
      declare
        until timestamptz := clock_timestamp() + interval '5 s';
      begin
        loop
          perform pg_stat_clear_snapshot();
          perform pg_terminate_backend(pid) from pg_stat_activity
            where application_name = 'atrium test types ${turn}' and query like '%typarray%';
          exit when found or clock_timestamp() > until;
        end loop;
      end $$`);
    try {
      await Promise.allSettled([ending, pause(10).then(() => owner`select ${['x']}::text[] as told`)]);
      expect(Array.from(await owner`select ${['x']}::text[] as told`)).toEqual([{ told: ['x'] }]);
    } finally {
      await owner.end({ timeout: 5 });
    }
  }
  expect(uncaught).toEqual([]);
});

test.each([
  ['an error of its own', 'case when x = 20 then 1 / (x - 20) end'],
  ['the end of its connection', 'case when x = 20 then pg_terminate_backend(pg_backend_pid())::int end'],
])('a query that already sent rows and then meets %s leaves none of them to the next query', async (_, end) => {
  const owner = connectOwner(stack.databaseOwnerUrl, { max: 1, name: 'atrium test loss' });
  try {
    for (let turn = 0; turn < 10; turn++) {
      // Rows of this size are sent one by one, and not only at the end.
      const rows = owner.unsafe(`select x, repeat('x', 20000), ${end} from generate_series(1, 30) x`);
      await expect(rows).rejects.toThrow();
      expect(Array.from(await owner`select ${turn}::int as turn`)).toEqual([{ turn }]);
    }
  } finally {
    await owner.end({ timeout: 5 });
  }
  expect(uncaught).toEqual([]);
});

test('what a transaction itself refuses is told as it is, and rolled back', async () => {
  const owner = connectOwner(stack.databaseOwnerUrl, { max: 1, name: 'atrium test loss' });
  try {
    await expect(
      owner.begin(async (tx) => {
        await tx`create temporary table left_behind ()`;
        throw new Error('something else');
      }),
    ).rejects.toThrow('something else');
    expect(await owner`select to_regclass('pg_temp.left_behind') as found`).toMatchObject([{ found: null }]);
    await expect(owner.begin((tx) => tx`select 1 / 0`)).rejects.toMatchObject({ code: '22012' });
  } finally {
    await owner.end({ timeout: 5 });
  }
});
