import { afterAll, expect, inject, test } from 'vitest';
import { createRateLimits, createRedisCounter } from '../../core/rate-limit/index.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import type { OwnServer } from '../support/own-server.ts';
import { startOwnRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait.ts';
import { freshAddress, HOUR, outcome, outcomes, times } from './answers.ts';
import { callFrom, prefill, startServerAt, urlOf } from './limited-server.ts';
import { withinOneWindow } from './window.ts';

const AWAY = 'rate limits are counted in this process';
const BACK = 'rate limits are counted at RATE_LIMIT_URL again';

const shared = inject('stack');
const redis = await startOwnRedis(shared);
const proxy = await startFaultProxy(redis.port);
const server = await startServerAt(shared, proxy.port);
const counter = createRedisCounter(urlOf(redis.port));
const inRedis = createRateLimits({ counter, factor: 1 });
afterAll(async () => {
  counter.close();
  await server[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

const guess = (at: OwnServer, from: string) =>
  callFrom(at, 'REST', 'invites.accept', from, { body: { token: 'made-up' } });
const FIVE_ONLY = [...times(5, 'TOKEN_INVALID'), ...times(2, 'RATE_LIMITED')];

const said = ({ lines }: OwnServer, what: string): number => lines.filter((line) => line.includes(what)).length;

/**
 * Waits until the server counts in Redis: it sees what another process has counted there, and has logged the return of Redis
 * as often as its loss.
 * @returns how often it has lost Redis
 */
async function untilCountedInRedis(at: OwnServer): Promise<number> {
  return await waitFor('counts in Redis', async () => {
    const from = freshAddress();
    await prefill(inRedis, ['acceptFailuresByAddress', `address ${from}`], 5);
    const away = said(at, AWAY);
    return outcome(await guess(at, from)) === 'RATE_LIMITED' && said(at, BACK) === away && away;
  });
}

/** Makes calls one after the other. @returns how long each took, in ms, from the shortest on */
async function timesOf(count: number, call: () => Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  for (let turn = 0; turn < count; turn++) {
    const begun = performance.now();
    await call();
    taken.push(performance.now() - begun);
  }
  return taken.toSorted((one, other) => one - other);
}

/** Freezes Redis for some calls. @returns how much longer than usual they took, in ms, from the least on */
async function delaysWhileFrozen(): Promise<number[]> {
  await untilCountedInRedis(server);
  await withinOneWindow(HOUR, 15_000);
  const call = () => guess(server, freshAddress());
  const [usual = 0] = (await timesOf(20, call)).slice(10);
  // A slow call may have made the server count without Redis already. It logs that only once.
  const before = await untilCountedInRedis(server);

  proxy.freeze();
  try {
    const frozen = await timesOf(20, call);
    await waitFor('the log to say so', () => said(server, AWAY) > before);
    const from = freshAddress();
    expect(await outcomes(7, () => guess(server, from))).toEqual(FIVE_ONLY);
    expect(said(server, AWAY)).toBe(before + 1);
    return frozen.map((ms) => ms - usual);
  } finally {
    proxy.thaw();
    await untilCountedInRedis(server);
  }
}

test('while Redis is frozen calls are still limited, and at most 150 ms slower', async () => {
  let delays: number[] = [];
  // Only the call that tries Redis waits. Other work of the machine may delay calls as well, so slow rounds are repeated: if
  // calls waited for Redis, every round would be slow.
  const tooSlow = (): boolean => !((delays[10] ?? Infinity) < 75) || delays.filter((ms) => ms >= 150).length > 1;
  for (let round = 0; round < 3 && tooSlow(); round++) delays = await delaysWhileFrozen();
  expect({ tooSlow: tooSlow(), delays }).toEqual({ tooSlow: false, delays });
});

test('a connection to Redis that the network has lost is replaced by a new one', async () => {
  await withinOneWindow(HOUR, 10_000);
  const before = await untilCountedInRedis(server);
  proxy.forget();
  expect(await outcomes(7, () => guess(server, '198.19.0.2'))).toEqual(FIVE_ONLY);
  await waitFor('the log to say so', () => said(server, AWAY) > before);
  expect(said(server, AWAY)).toBe(before + 1);
  await untilCountedInRedis(server);
});

test('a server without Redis starts, limits calls, logs the reason, and counts in Redis once it is there', async () => {
  await using absent = await startFaultProxy(redis.port);
  await absent.refuse();
  await using early = await startServerAt(shared, absent.port);
  await withinOneWindow(HOUR, 10_000);
  expect(await outcomes(7, () => guess(early, '198.19.0.3'))).toEqual(FIVE_ONLY);
  await waitFor('the log to say so', () => said(early, AWAY) === 1 && said(early, 'ECONNREFUSED') > 0);
  await absent.accept();
  await untilCountedInRedis(early);
});
