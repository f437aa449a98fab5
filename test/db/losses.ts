import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { connectOwner, Owner, OwnerTx } from '../../db/connection/owner/connect.ts';
import type { FaultProxy } from '../support/fault-proxy.ts';
import { waitFor } from '../support/wait.ts';

/** The connections that a loss is tested with. */
export interface Ground {
  /** Opens connections as the worker does. */
  open: typeof connectOwner;
  /** The owner's URL, and the same one through {@link proxy}. */
  direct: string;
  proxied: string;
  proxy: FaultProxy;
  /** Connected as PostgreSQL's superuser, with another driver or another copy than `open` uses. */
  admin: Owner;
}

/** Ways to lose connections, by the guarantee that must hold. Each throws if the guarantee does not hold. */
export const LOSSES: Record<string, (ground: Ground) => Promise<void>> = {
  'a transaction that is ended while a statement runs fails, and the next one is served': lostIn(
    (tx) => tx`select pg_terminate_backend(pg_backend_pid()), pg_sleep(5)`,
  ),
  'a transaction that is ended between its statements fails, and the next one is served': lostIn(async (tx, ground) => {
    await kill(tx, ground);
    return await tx`select 1`;
  }),
  'a transaction that is ended before its COMMIT fails, and the next one is served': lostIn(kill),
  'a transaction that is ended before its code throws fails, and the next one is served': lostIn(async (tx, ground) => {
    await kill(tx, ground);
    throw new Error('something else');
  }),
  'a transaction that is ended while several statements wait fails, and the next one is served': lostIn(async (tx) => {
    await Promise.allSettled([tx`select pg_terminate_backend(pg_backend_pid()), pg_sleep(5)`, tx`select 1`]);
    return await tx.unsafe('select 1');
  }),
  'a transaction that the network ends while a statement runs fails, and the next one is served': lostIn(
    async (tx, { proxy }) => {
      const sleeping = tx`select pg_sleep(5)`.execute();
      await pause(20);
      proxy.reset();
      return await sleeping;
    },
  ),
  'a connection that breaks while it starts or asks for the array types is replaced': lostAtStart,
  'a connection that PostgreSQL ends while it asks for the array types gives its next query all rows, with their types':
    lostAtTypes,
  'a query that sent rows and then fails leaves none of them to the next query': lostAmongRows('1 / (x - 20)'),
  'a query that sent rows and then loses its connection leaves none of them to the next query': lostAmongRows(
    'pg_terminate_backend(pg_backend_pid())::int',
  ),
};

type Work = (tx: OwnerTx, ground: Ground) => Promise<unknown>;

async function kill(tx: OwnerTx, { admin }: Ground): Promise<void> {
  const [backend] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
  await admin`select pg_terminate_backend(${backend?.pid ?? 0}, 5000)`;
  await pause(20);
}

async function using(ground: Ground, url: string, max: number, work: (owner: Owner) => Promise<void>, name = 'loss') {
  const owner = ground.open(url, { max, name: `atrium test ${name}` });
  try {
    await work(owner);
  } finally {
    await owner.end({ timeout: 5 });
  }
}

function lostIn(work: Work) {
  return (ground: Ground) =>
    using(ground, ground.proxied, 2, async (owner) => {
      for (let turn = 0; turn < 10; turn++) {
        await assert.rejects(
          owner.begin((tx) => work(tx, ground)),
          /CONNECTION_CLOSED|ECONNRESET/,
        );
        const next = await owner.begin(async (tx) => Array.from(await tx`select ${turn}::int as turn`));
        assert.deepEqual(next, [{ turn }]);
      }
    });
}

async function lostAtStart(ground: Ground): Promise<void> {
  const { proxied, proxy } = ground;
  for (let bytes = 0; bytes < 1_500; bytes += 50) {
    await using(ground, proxied, 1, async (owner) => {
      try {
        const { cuts } = proxy;
        proxy.cutAfter(bytes);
        const attempt = owner.begin((tx) => tx`select ${['x']}::text[] as told`).catch(() => undefined);
        await waitFor('the connection to be cut', () => proxy.cuts > cuts);
        proxy.cutAfter(Number.POSITIVE_INFINITY);
        await attempt;
        assert.deepEqual(Array.from(await owner`select ${['x']}::text[] as told`), [{ told: ['x'] }]);
      } finally {
        proxy.cutAfter(Number.POSITIVE_INFINITY);
      }
    });
  }
}

async function lostAtTypes(ground: Ground): Promise<void> {
  for (let turn = 0; turn < 8; turn++) {
    const name = `types ${process.pid} ${turn}`;
    await using(
      ground,
      ground.direct,
      1,
      async (owner) => {
        const ending = ground.admin.unsafe(`do $$
          declare
            until timestamptz := clock_timestamp() + interval '5 s';
          begin
            loop
              perform pg_stat_clear_snapshot();
              perform pg_terminate_backend(pid) from pg_stat_activity
                where application_name = 'atrium test ${name}' and query like '%typarray%';
              exit when found or clock_timestamp() > until;
            end loop;
          end $$`);
        await Promise.allSettled([ending, pause(10).then(() => owner`select ${['x']}::text[] as told`)]);
        assert.deepEqual(Array.from(await owner`select ${['x']}::text[] as told`), [{ told: ['x'] }]);
      },
      name,
    );
  }
}

function lostAmongRows(end: string) {
  return (ground: Ground) =>
    using(ground, ground.direct, 1, async (owner) => {
      for (let turn = 0; turn < 10; turn++) {
        // Rows of this size are sent one at a time, not all at the end.
        const rows = owner.unsafe(
          `select x, repeat('x', 20000), case when x = 20 then ${end} end from generate_series(1, 30) x`,
        );
        await assert.rejects(rows);
        assert.deepEqual(Array.from(await owner`select ${turn}::int as turn`), [{ turn }]);
      }
    });
}
