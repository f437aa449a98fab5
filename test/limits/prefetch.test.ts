import { createClient } from '@redis/client';
import { afterAll, expect, inject, test } from 'vitest';
import { createPrefetchCounter, createRedisCounter } from '../../core/rate-limit/index.ts';
import { freshSlug } from '../support/people.ts';
import { startOwnRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait.ts';
import { withinOneWindow } from './window.ts';

// The tokens of large limits are prefetched in batches: Redis is asked less often, and no more calls are allowed.
const rule = { name: 'calls', tokens: 300, seconds: 3600 };
const ENOUGH = 10_000;
const redis = await startOwnRedis(inject('stack'));
const url = `redis://127.0.0.1:${redis.port}`;
const [one, other] = [createRedisCounter(url), createRedisCounter(url)];
afterAll(async () => {
  one.close();
  other.close();
  await redis[Symbol.asyncDispose]();
});

for (const counter of [one, other]) {
  await waitFor('Redis to answer', () =>
    counter.count({ ...rule, name: 'probes', tokens: 10 }, freshSlug()).then(
      () => true,
      () => false,
    ),
  );
}

/** How many scripts Redis has run. */
async function asked(): Promise<number> {
  const client = await createClient({ url }).connect();
  const stats = await client.info('commandstats');
  client.destroy();
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

test('one process allows exactly as many calls as the limit, and asks Redis far less often', async () => {
  await withinOneWindow(rule.seconds, ENOUGH);
  const key = freshSlug();
  const before = await asked();
  for (let count = 1; count <= 300; count += 1) {
    expect(await one.count(rule, key)).toMatchObject({ allowed: true, limit: 300, remaining: 300 - count });
  }
  expect(await one.count(rule, key)).toMatchObject({ allowed: false, remaining: 0 });
  expect((await asked()) - before).toBeLessThan(140);
});

test('allows exactly as many of many calls at once as the limit', async () => {
  await withinOneWindow(rule.seconds, ENOUGH);
  const key = freshSlug();
  await one.count(rule, key);
  const counts = await Promise.all(Array.from({ length: 400 }, () => one.count(rule, key)));
  expect(counts.filter(({ allowed }) => allowed)).toHaveLength(299);
});

test('several processes together allow no more than the limit, and lose less than a batch each', async () => {
  await withinOneWindow(rule.seconds, ENOUGH);
  const key = freshSlug();
  let allowed = 0;
  for (let count = 0; count < 320; count += 1) {
    const taken = await (count % 3 === 0 ? one : other).count(rule, key);
    if (taken.allowed) allowed += 1;
  }
  expect(allowed).toBeLessThanOrEqual(300);
  expect(allowed).toBeGreaterThanOrEqual(296);
});

test('a process that has not heard of the calls of another allows no more than the limit', async () => {
  await withinOneWindow(rule.seconds, ENOUGH);
  const key = freshSlug();
  for (let count = 0; count < 2; count += 1) await one.count(rule, key);
  let allowed = 2;
  // Two tokens of `one` are unused, so 299 calls are counted when one is left.
  while ((await other.count(rule, key)).remaining > 1) allowed += 1;
  allowed += 1;
  const late = await Promise.all(Array.from({ length: 20 }, () => one.count(rule, key)));
  allowed += late.filter((taken) => taken.allowed).length;
  expect(allowed).toBeLessThanOrEqual(300);
  expect(allowed).toBeGreaterThan(300 - 3);
});

test('after a refused batch tokens are taken one by one', async () => {
  const batches: number[] = [];
  let free = 300;
  const counter = createPrefetchCounter(
    (counted, _key, tokens) => {
      batches.push(tokens);
      const before = free;
      if (before > 0) free -= tokens;
      const allowed = before >= tokens;
      const remaining = Math.max(0, free);
      return Promise.resolve({
        allowed,
        limit: counted.tokens,
        remaining,
        resetAt: 60_000,
        refund: async () => undefined,
      });
    },
    { now: () => 0 },
  );
  await counter.count(rule, 'key');
  // Another process takes all but one token.
  free = 1;
  expect(await counter.count(rule, 'key')).toMatchObject({ allowed: false });
  free = 1;
  expect(await counter.count(rule, 'key')).toMatchObject({ allowed: true, remaining: 0 });
  expect(batches).toEqual([1, 3, 1]);
});

test('tokens that come free while the window slides are taken in batches again', async () => {
  const batches: number[] = [];
  let free = 300;
  const counter = createPrefetchCounter(
    (_rule, _key, tokens) => {
      batches.push(tokens);
      free -= tokens;
      return Promise.resolve({
        ...{ allowed: true, limit: 300, remaining: free, resetAt: 60_000, refund: async () => undefined },
      });
    },
    { now: () => 0 },
  );
  await counter.count(rule, 'key');
  free = 5;
  await counter.count(rule, 'key');
  for (let count = 0; count < 2; count += 1) await counter.count(rule, 'key');
  free = 200;
  await counter.count(rule, 'key');
  expect(await counter.count(rule, 'key')).toMatchObject({ remaining: 198 });
  expect(batches).toEqual([1, 3, 1, 3]);
});

test('a refunded token is used again, and an unused token ends with its window', async () => {
  let time = 0;
  const taken: number[] = [];
  const counter = createPrefetchCounter(
    (_rule, _key, tokens) => {
      taken.push(tokens);
      const used = taken.reduce((sum, each) => sum + each, 0);
      const resetAt = time < 1_000 ? 1_000 : 2_000;
      return Promise.resolve({ allowed: true, limit: 300, remaining: 300 - used, resetAt, refund: async () => {} });
    },
    { now: () => time },
  );
  for (const remaining of [299, 298, 297, 296]) expect(await counter.count(rule, 'a')).toMatchObject({ remaining });
  expect(taken).toEqual([1, 3]);
  const last = await counter.count(rule, 'a');
  expect(taken).toEqual([1, 3, 3]);
  await last.refund();
  for (const remaining of [295, 294, 293]) expect(await counter.count(rule, 'a')).toMatchObject({ remaining });
  expect(taken).toEqual([1, 3, 3]);
  // Two tokens of the next batch are unused when the window ends.
  await counter.count(rule, 'a');
  time = 1_000;
  await counter.count(rule, 'a');
  expect(taken).toEqual([1, 3, 3, 3, 1]);
  await last.refund();
  await counter.count(rule, 'a');
  expect(taken).toEqual([1, 3, 3, 3, 1, 3]);
});
