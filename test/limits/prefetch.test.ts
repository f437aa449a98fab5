import { createClient } from '@redis/client';
import { afterAll, expect, inject, test } from 'vitest';
import { createLotCounter, createRedisCounter } from '../../core/rate-limit/index.ts';
import { freshSlug } from '../support/people.ts';
import { startOwnRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait.ts';
import { withinOneWindow } from './window.ts';

// Generous limits are taken in lots: Redis is asked less often, and lets no more through.
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

/** How often scripts were run, by whoever. */
async function asked(): Promise<number> {
  const client = await createClient({ url }).connect();
  const stats = await client.info('commandstats');
  client.destroy();
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

test('one process lets exactly as many through, and asks Redis far less often', async () => {
  await withinOneWindow(rule.seconds, ENOUGH);
  const key = freshSlug();
  const before = await asked();
  for (let count = 1; count <= 300; count += 1) {
    expect(await one.count(rule, key)).toMatchObject({ allowed: true, limit: 300, remaining: 300 - count });
  }
  expect(await one.count(rule, key)).toMatchObject({ allowed: false, remaining: 0 });
  expect((await asked()) - before).toBeLessThan(140);
});

test('of many at once as many are let through', async () => {
  await withinOneWindow(rule.seconds, ENOUGH);
  const key = freshSlug();
  await one.count(rule, key);
  const counts = await Promise.all(Array.from({ length: 400 }, () => one.count(rule, key)));
  expect(counts.filter(({ allowed }) => allowed)).toHaveLength(299);
});

test('several processes together let no more through, and lose less than a lot each', async () => {
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

test('a process that has not heard how far the others are lets no more through either', async () => {
  await withinOneWindow(rule.seconds, ENOUGH);
  const key = freshSlug();
  for (let count = 0; count < 2; count += 1) await one.count(rule, key);
  let allowed = 2;
  // Two of the lot of `one` are not spent yet: 299 are counted then.
  while ((await other.count(rule, key)).remaining > 1) allowed += 1;
  allowed += 1;
  const late = await Promise.all(Array.from({ length: 20 }, () => one.count(rule, key)));
  allowed += late.filter((taken) => taken.allowed).length;
  expect(allowed).toBeLessThanOrEqual(300);
  expect(allowed).toBeGreaterThan(300 - 3);
});

test('a lot that is refused is the last: what comes free then is let through one by one', async () => {
  const lots: number[] = [];
  let free = 300;
  const counter = createLotCounter(
    (counted, _key, tokens) => {
      lots.push(tokens);
      const before = free;
      if (before > 0) free -= tokens;
      const allowed = before >= tokens;
      const remaining = Math.max(0, free);
      return Promise.resolve({
        allowed,
        limit: counted.tokens,
        remaining,
        resetAt: 60_000,
        giveBack: async () => undefined,
      });
    },
    { now: () => 0 },
  );
  await counter.count(rule, 'key');
  // Another process takes the rest; then one comes free.
  free = 1;
  expect(await counter.count(rule, 'key')).toMatchObject({ allowed: false });
  free = 1;
  expect(await counter.count(rule, 'key')).toMatchObject({ allowed: true, remaining: 0 });
  expect(lots).toEqual([1, 3, 1]);
});

test('what comes free while a window slides is heard of, and taken in lots again', async () => {
  const lots: number[] = [];
  let free = 300;
  const counter = createLotCounter(
    (_rule, _key, tokens) => {
      lots.push(tokens);
      free -= tokens;
      return Promise.resolve({
        ...{ allowed: true, limit: 300, remaining: free, resetAt: 60_000, giveBack: async () => undefined },
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
  expect(lots).toEqual([1, 3, 1, 3]);
});

test('what is given back is there again, and what is left when a window ends is not', async () => {
  let time = 0;
  const taken: number[] = [];
  const counter = createLotCounter(
    (_rule, _key, tokens) => {
      taken.push(tokens);
      const used = taken.reduce((sum, each) => sum + each, 0);
      const resetAt = time < 1_000 ? 1_000 : 2_000;
      return Promise.resolve({ allowed: true, limit: 300, remaining: 300 - used, resetAt, giveBack: async () => {} });
    },
    { now: () => time },
  );
  for (const remaining of [299, 298, 297, 296]) expect(await counter.count(rule, 'a')).toMatchObject({ remaining });
  expect(taken).toEqual([1, 3]);
  const last = await counter.count(rule, 'a');
  expect(taken).toEqual([1, 3, 3]);
  await last.giveBack();
  for (const remaining of [295, 294, 293]) expect(await counter.count(rule, 'a')).toMatchObject({ remaining });
  expect(taken).toEqual([1, 3, 3]);
  // Two are left of another, and the window ends.
  await counter.count(rule, 'a');
  time = 1_000;
  await counter.count(rule, 'a');
  expect(taken).toEqual([1, 3, 3, 3, 1]);
  await last.giveBack();
  await counter.count(rule, 'a');
  expect(taken).toEqual([1, 3, 3, 3, 1, 3]);
});
