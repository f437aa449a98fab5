import { afterAll, afterEach, expect, inject, test } from 'vitest';
import { createClient } from '@redis/client';
import { createFallbackCounter, createRedisCounter } from '../../core/rate-limit/index.ts';
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

/** @returns a counter whose Redis has answered */
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

test('allows exactly as many of fifty calls at once as the limit', async () => {
  const counter = await counterAt(redis.port);
  await withinOneWindow(rule.seconds, ENOUGH);
  expect(await allowed(counter, freshSlug(), 50)).toBe(10);
});

test('counts the calls of several processes together', async () => {
  const [one, other] = await Promise.all([counterAt(redis.port), counterAt(redis.port)]);
  await withinOneWindow(rule.seconds, ENOUGH);
  const key = freshSlug();
  const counts = await Promise.all([allowed(one, key, 30), allowed(other, key, 30)]);
  expect(counts.reduce((sum, count) => sum + count)).toBe(10);
});

test('says how many calls are left, and refunds a count', async () => {
  const counter = await counterAt(redis.port);
  await withinOneWindow(rule.seconds, ENOUGH);
  const key = freshSlug();
  const first = await counter.count(rule, key);
  expect(first).toMatchObject({ allowed: true, limit: 10, remaining: 9 });
  expect(first.resetAt % (rule.seconds * 1000)).toBe(0);
  expect(first.resetAt).toBeGreaterThan(Date.now());
  await first.refund();
  expect(await counter.count(rule, key)).toMatchObject({ remaining: 9 });
  expect(await allowed(counter, key, 50)).toBe(9);
  const refused = await counter.count(rule, key);
  expect(refused).toMatchObject({ allowed: false, remaining: 0 });
  await refused.refund();
  expect(await allowed(counter, key, 5)).toBe(0);
});

test('goes on counting when Redis has forgotten the scripts', async () => {
  const counter = await counterAt(redis.port);
  await withinOneWindow(rule.seconds, ENOUGH);
  const key = freshSlug();
  expect(await allowed(counter, key, 4)).toBe(4);
  await ask(redis.port, ['SCRIPT', 'FLUSH']);
  expect(await allowed(counter, key, 50)).toBe(6);
});

test('stores only keys that expire and that do not show whom they count', async () => {
  const counter = await counterAt(redis.port);
  const [name, email] = [freshSlug('rule'), freshEmail()];
  const taken = await counter.count({ ...rule, name }, email);
  await taken.refund();
  expect(await ask(redis.port, ['KEYS', `*${email}*`])).toEqual([]);
  const keys = await ask(redis.port, ['KEYS', `*${name}*`]);
  expect(keys).toHaveLength(1);
  const [kept = ''] = Array.isArray(keys) ? keys.map(String) : [];
  expect(Number(await ask(redis.port, ['PTTL', kept]))).toBeGreaterThan(0);
});

test('connects again to a Redis that was restarted, and counts from zero', async () => {
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

test('tells why Redis is away', async () => {
  await using own = await startOwnRedis(inject('stack'), { password: 'right' });
  const counter = createRedisCounter(`redis://:wrong@127.0.0.1:${own.port}`);
  open.push(counter);
  let told: unknown;
  const fallback = createFallbackCounter(counter, {
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
  expect(await fallback.count(rule, 'one')).toMatchObject({ allowed: true });
  expect(fallback.away).toBe(true);
});

test('logs in with the password in its URL', async () => {
  await using own = await startOwnRedis(inject('stack'), { password: 'right' });
  const counter = await counterAt(own.port, ':right@');
  await withinOneWindow(rule.seconds, ENOUGH);
  expect(await allowed(counter, freshSlug(), 12)).toBe(10);
});

/** Sends a command to Redis over a connection of its own. */
async function ask(port: number, command: string[]): Promise<unknown> {
  const client = createClient({ socket: { host: '127.0.0.1', port } });
  await client.connect();
  try {
    return await client.sendCommand(command);
  } finally {
    client.destroy();
  }
}
