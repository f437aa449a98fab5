import { afterAll, afterEach, expect, inject, test } from 'vitest';
import { createClient } from '@redis/client';
import { createGuardedCounter, createRedisCounter } from '../../core/rate-limit/index.ts';
import { freshEmail, freshSlug } from '../support/people.ts';
import { startOwnRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait.ts';
import { withinOneWindow } from './window.ts';

const rule = { name: 'tries', tokens: 10, seconds: 3600 };
const ENOUGH = 5_000;

type RedisCounter = ReturnType<typeof createRedisCounter>;

const redis = await startOwnRedis(inject('stack'));
const open: RedisCounter[] = [];
afterEach(() => {
  for (const counter of open.splice(0)) counter.close();
});
afterAll(() => redis[Symbol.asyncDispose]());

/** A counter that is connected, or at least looks for its Redis. */
async function counterAt(port: number, credentials = ''): Promise<RedisCounter> {
  const counter = createRedisCounter(`redis://${credentials}127.0.0.1:${port}`);
  open.push(counter);
  await waitFor('Redis to answer', async () => await answers(counter));
  return counter;
}

async function answers(counter: RedisCounter): Promise<boolean> {
  return await counter.count({ ...rule, name: 'probes' }, freshSlug()).then(
    () => true,
    () => false,
  );
}

async function allowed(counter: RedisCounter, key: string, times: number): Promise<number> {
  const counts = await Promise.all(Array.from({ length: times }, () => counter.count(rule, key)));
  return counts.filter((count) => count.allowed).length;
}

test('of fifty calls at once lets exactly as many through as the rule says', async () => {
  const counter = await counterAt(redis.port);
  await withinOneWindow(rule.seconds, ENOUGH);
  expect(await allowed(counter, freshSlug(), 50)).toBe(10);
});

test('counts together what several processes count', async () => {
  const [one, other] = await Promise.all([counterAt(redis.port), counterAt(redis.port)]);
  await withinOneWindow(rule.seconds, ENOUGH);
  const key = freshSlug();
  const counts = await Promise.all([allowed(one, key, 30), allowed(other, key, 30)]);
  expect(counts.reduce((sum, count) => sum + count)).toBe(10);
});

test('says how many are left, and takes a count back', async () => {
  const counter = await counterAt(redis.port);
  await withinOneWindow(rule.seconds, ENOUGH);
  const key = freshSlug();
  const first = await counter.count(rule, key);
  expect(first).toMatchObject({ allowed: true, limit: 10, remaining: 9 });
  expect(first.resetAt % (rule.seconds * 1000)).toBe(0);
  expect(first.resetAt).toBeGreaterThan(Date.now());
  await first.giveBack();
  expect(await counter.count(rule, key)).toMatchObject({ remaining: 9 });
  expect(await allowed(counter, key, 50)).toBe(9);
  const refused = await counter.count(rule, key);
  expect(refused).toMatchObject({ allowed: false, remaining: 0 });
  await refused.giveBack();
  expect(await allowed(counter, key, 5)).toBe(0);
});

test('goes on when Redis has forgotten the scripts', async () => {
  const counter = await counterAt(redis.port);
  await withinOneWindow(rule.seconds, ENOUGH);
  const key = freshSlug();
  expect(await allowed(counter, key, 4)).toBe(4);
  await ask(redis.port, ['SCRIPT', 'FLUSH']);
  expect(await allowed(counter, key, 50)).toBe(6);
});

test('leaves no key behind for ever, and none that tells whom it counts', async () => {
  const counter = await counterAt(redis.port);
  const [name, email] = [freshSlug('rule'), freshEmail()];
  const taken = await counter.count({ ...rule, name }, email);
  await taken.giveBack();
  expect(await ask(redis.port, ['KEYS', `*${email}*`])).toEqual([]);
  const keys = await ask(redis.port, ['KEYS', `*${name}*`]);
  expect(keys).toHaveLength(1);
  const [kept = ''] = Array.isArray(keys) ? keys.map(String) : [];
  expect(Number(await ask(redis.port, ['PTTL', kept]))).toBeGreaterThan(0);
});

test('finds a Redis again that was restarted, and counts anew', async () => {
  await using own = await startOwnRedis(inject('stack'));
  const counter = await counterAt(own.port);
  await withinOneWindow(rule.seconds, ENOUGH);
  const key = freshSlug();
  expect(await allowed(counter, key, 12)).toBe(10);
  await own.stop();
  await expect(counter.count(rule, key)).rejects.toThrow();
  await own.start();
  await waitFor('Redis to answer', async () => await answers(counter));
  expect(await allowed(counter, key, 12)).toBe(10);
});

test('says to a guard why Redis is away', async () => {
  await using own = await startOwnRedis(inject('stack'), { password: 'right' });
  const counter = createRedisCounter(`redis://:wrong@127.0.0.1:${own.port}`);
  open.push(counter);
  let told: unknown;
  const guarded = createGuardedCounter(counter, {
    onChange: (_, cause) => {
      told = cause;
    },
  });
  await waitFor('the reason', async () => {
    await counter.count(rule, 'one').catch((error: unknown) => {
      told = error;
    });
    return told instanceof Error && String(told.cause).includes('WRONGPASS');
  });
  expect(await guarded.count(rule, 'one')).toMatchObject({ allowed: true });
  expect(guarded.away).toBe(true);
});

test('enters by the password in its URL', async () => {
  await using own = await startOwnRedis(inject('stack'), { password: 'right' });
  const counter = await counterAt(own.port, ':right@');
  await withinOneWindow(rule.seconds, ENOUGH);
  expect(await allowed(counter, freshSlug(), 12)).toBe(10);
});

/** Asks Redis something by a connection of its own. */
async function ask(port: number, command: string[]): Promise<unknown> {
  const client = createClient({ socket: { host: '127.0.0.1', port } });
  await client.connect();
  try {
    return await client.sendCommand(command);
  } finally {
    client.destroy();
  }
}
