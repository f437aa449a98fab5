import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { waitFor } from '../support/wait.ts';
import { outcomesOf, slowest, type Called, type Load } from './load.ts';
import { CALLERS, CONNECTIONS_AT_MOST, openPlace, type Place } from './postgresql-place.ts';

// A server under load while PostgreSQL fails.

const FREEZE_MS = 5_000;
/** In ms. `answer`: until a call is answered during an outage; `recovery`: until calls are served after it. */
const BOUND = { answer: 10_000, recovery: 5_000 } as const;
/** Added to the limits, in ms, because the machine is busy with other tests. */
const SLACK_MS = 3_000;
/** The allowed growth of memory, in bytes. A leak of one buffer per call would exceed it. */
const GROWTH = 100 * 2 ** 20;
const OVERLOADED = '503 OVERLOADED';

let place: Place;
beforeAll(async () => {
  place = await openPlace(inject('stack'));
});
afterAll(() => place[Symbol.asyncDispose]());

/** Causes and ends a failure under load. @returns the calls that were running at the failure, and all later ones */
async function underLoad(harm: (load: Load) => Promise<void>, mend: () => Promise<void> | void): Promise<Called[]> {
  await using load = place.load();
  await waitFor('the load to run', () => load.calls.length > 50);
  const before = load.calls.length;
  try {
    await harm(load);
  } finally {
    await mend();
  }
  await untilServed(load);
  await load.stop();
  return load.calls.slice(before);
}

/** Waits until calls are served again and the server is ready. */
async function untilServed(load: Load): Promise<void> {
  const mended = performance.now();
  await waitFor('calls to be served', () => load.servedSince(mended) > 20, BOUND.recovery + SLACK_MS);
  await waitFor('readiness', async () => (await place.probe('/readyz')) === 200, BOUND.recovery + SLACK_MS);
}

function refusals(calls: readonly Called[]): Called[] {
  return calls.filter(({ outcome }) => outcome !== 'ok');
}

/** Expects an answer to every call in time. Each refusal must say that the database is unavailable, and have Retry-After. */
function expectGoodManners(calls: readonly Called[], within: number = BOUND.answer): void {
  expect(outcomesOf(refusals(calls))).toEqual([OVERLOADED]);
  expect(refusals(calls).filter(({ retryAfter }) => !/^[12]$/.test(retryAfter ?? ''))).toEqual([]);
  expect(slowest(calls)).toBeLessThan(within + SLACK_MS);
}

/** Expects that the failure left no session, no occupied place in the pool and no partial write. */
async function expectNothingLeft(): Promise<void> {
  await waitFor('the sessions to be as before', async () => {
    const { count, inTransaction } = await place.sessions();
    return count <= CONNECTIONS_AT_MOST && inTransaction === 0;
  });
  await waitFor('the pool to be idle', async () => (await place.metric('atrium_pool_connections_busy')) === 0);
  expect(await place.metric('atrium_pool_waiting')).toBe(0);
  const projects = await place.projects();
  expect(projects.filter(({ row, audit }) => audit !== (row ? 1 : 0))).toEqual([]);
  expect(projects.filter(({ told, row }) => told === 'ok' && !row)).toEqual([]);
}

test('PostgreSQL frozen for 5 s under load: calls get 503 with Retry-After, then are served again, and nothing is left behind', async () => {
  const calls = await underLoad(
    async (load) => {
      place.proxy.freeze();
      const frozen = pause(FREEZE_MS);
      await waitFor('readiness to be off', async () => (await place.probe('/readyz')) === 503);
      expect(await place.probe('/livez')).toBe(200);
      await frozen;
      await waitFor('a refusal', () => refusals(load.calls).length > 0);
    },
    () => place.proxy.thaw(),
  );
  expectGoodManners(calls);
  await expectNothingLeft();
});

test('PostgreSQL frozen for longer than a call may take: every call is answered within 10 s', async () => {
  const calls = await underLoad(
    async (load) => {
      const begun = performance.now();
      place.proxy.freeze();
      const underWay = (): number => load.calls.filter((call) => call.begun < begun && call.ended > begun).length;
      await waitFor('all that were under way to be answered', () => underWay() === CALLERS, BOUND.answer + SLACK_MS);
    },
    () => place.proxy.thaw(),
  );
  expectGoodManners(calls);
  await expectNothingLeft();
});

test('all connections to PostgreSQL reset under load: their calls get 503 at once, and the next calls are served', async () => {
  const calls = await underLoad(
    async (load) => {
      for (let turn = 0; turn < 10; turn++) {
        const reset = performance.now();
        place.proxy.reset();
        await waitFor('calls to be served', () => load.servedSince(reset) > 20, BOUND.recovery + SLACK_MS);
      }
    },
    () => undefined,
  );
  expectGoodManners(calls, BOUND.recovery);
  // Only calls that had a connection may fail.
  expect(refusals(calls).length).toBeLessThanOrEqual(10 * CONNECTIONS_AT_MOST);
  await expectNothingLeft();
});

test('PostgreSQL gone under load: calls get 503 at once, the server is live but not ready, and recovers once PostgreSQL is back', async () => {
  const calls = await underLoad(
    async (load) => {
      await place.proxy.refuse();
      place.proxy.reset();
      const gone = performance.now();
      await waitFor('readiness to be off', async () => (await place.probe('/readyz')) === 503);
      expect(await place.probe('/livez')).toBe(200);
      await waitFor('many refusals', () => refusals(load.calls).filter(({ begun }) => begun > gone).length > 200);
    },
    () => place.proxy.accept(),
  );
  expectGoodManners(calls, 1_000);
  await expectNothingLeft();
});

// The number of bytes: in the greeting, in the password check, in the first answers, and later.
test.each([0, 60, 1_000, 5_000])(
  'connections to PostgreSQL that break after %d bytes: calls get 503, and are served again once connections hold',
  async (bytes) => {
    const calls = await underLoad(
      async (load) => {
        place.proxy.cutAfter(bytes);
        await waitFor('refusals', () => refusals(load.calls).length > 10);
      },
      () => place.proxy.cutAfter(Number.POSITIVE_INFINITY),
    );
    expectGoodManners(calls, BOUND.recovery);
    await expectNothingLeft();
  },
);

test('PostgreSQL slower by 20 ms each way: calls take longer, and none fails', async () => {
  const calls = await underLoad(
    async (load) => {
      place.proxy.latency(20);
      const slow = performance.now();
      await waitFor('slow calls', () => load.servedSince(slow) > 50);
    },
    () => place.proxy.latency(0),
  );
  expect(outcomesOf(calls)).toEqual(['ok']);
  await expectNothingLeft();
});

test('after thirty resets and three short freezes of PostgreSQL the server has no more memory or open files than before', async () => {
  const harm = async (times: { resets: number; freezes: number }): Promise<void> => {
    await underLoad(
      async (load) => {
        for (let turn = 0; turn < times.resets; turn++) {
          const reset = performance.now();
          place.proxy.reset();
          await waitFor('calls to be served', () => load.servedSince(reset) > 0, BOUND.recovery + SLACK_MS);
        }
        for (let turn = 0; turn < times.freezes; turn++) {
          place.proxy.freeze();
          await pause(500);
          place.proxy.thaw();
          const thawed = performance.now();
          await waitFor('calls to be served', () => load.servedSince(thawed) > 20, BOUND.recovery + SLACK_MS);
        }
      },
      () => undefined,
    );
    await expectNothingLeft();
  };
  const size = async () => ({
    bytes: await place.metric('process_resident_memory_bytes'),
    files: await place.metric('process_open_fds'),
  });
  await harm({ resets: 10, freezes: 1 });
  const before = await size();
  await harm({ resets: 30, freezes: 3 });
  const after = await size();
  expect(after.bytes - before.bytes).toBeLessThan(GROWTH);
  expect(after.files - before.files).toBeLessThan(CALLERS + 20);
});
