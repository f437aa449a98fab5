import { expect, test } from 'vitest';
import { createMemoryCounter } from '../../core/rate-limit/index.ts';

const MINUTE = 60_000;
const rule = { name: 'tries', tokens: 4, seconds: 60 };

/** A counter at the beginning of a window, with a clock that the test sets. */
function start(options: { maxKeys?: number } = {}) {
  let time = 1_000 * MINUTE;
  const counter = createMemoryCounter({ ...options, now: () => time });
  return {
    counter,
    to: (ms: number) => {
      time = 1_000 * MINUTE + ms;
    },
    /** How many of `times` calls are allowed. */
    allowed: async (times: number, key = 'one'): Promise<number> => {
      const counts = await Promise.all(Array.from({ length: times }, () => counter.count(rule, key)));
      return counts.filter((count) => count.allowed).length;
    },
  };
}

test('allows as many calls as the limit, for each key and each limit apart', async () => {
  const { counter, allowed } = start();
  expect(await allowed(10)).toBe(4);
  expect(await allowed(10, 'other')).toBe(4);
  expect(await counter.count({ ...rule, name: 'others' }, 'one')).toMatchObject({ allowed: true });
});

test('says how many calls are left, and when the window ends', async () => {
  const { counter, to } = start();
  to(10_000);
  const end = { limit: 4, resetAt: 1_001 * MINUTE };
  expect(await counter.count(rule, 'one')).toMatchObject({ allowed: true, remaining: 3, ...end });
  await counter.count(rule, 'one');
  await counter.count(rule, 'one');
  expect(await counter.count(rule, 'one')).toMatchObject({ allowed: true, remaining: 0, ...end });
  expect(await counter.count(rule, 'one')).toMatchObject({ allowed: false, remaining: 0, ...end });
});

test('weights the previous window by how much of it the sliding window covers', async () => {
  const { allowed, to } = start();
  await allowed(4);
  to(MINUTE);
  expect(await allowed(9)).toBe(0);
  to(1.5 * MINUTE);
  expect(await allowed(9)).toBe(2);
  to(1.76 * MINUTE);
  expect(await allowed(9)).toBe(2);
});

test('forgets the calls of two windows ago', async () => {
  const { allowed, to } = start();
  await allowed(4);
  to(2 * MINUTE);
  expect(await allowed(9)).toBe(4);
});

test('does not count a call that it refuses', async () => {
  const { allowed, to } = start();
  await allowed(100);
  to(1.5 * MINUTE);
  expect(await allowed(9)).toBe(2);
});

test('refunds a count within its window', async () => {
  const { counter, allowed } = start();
  const first = await counter.count(rule, 'one');
  await allowed(3);
  expect(await allowed(1)).toBe(0);
  await first.refund();
  expect(await allowed(2)).toBe(1);
});

test('refunds nothing after the window has ended, and nothing for a refused call', async () => {
  const { counter, allowed, to } = start();
  const early = await Promise.all([counter.count(rule, 'one'), counter.count(rule, 'one')]);
  to(2 * MINUTE);
  await allowed(4);
  const refused = await counter.count(rule, 'one');
  await Promise.all([...early, refused].map((count) => count.refund()));
  expect(await allowed(1)).toBe(0);
});

test('forgets no key of one limit because another has many', async () => {
  const { counter, allowed } = start({ maxKeys: 2 });
  expect(await allowed(4, 'a')).toBe(4);
  for (const key of ['b', 'c', 'd']) await counter.count({ ...rule, name: 'others' }, key);
  expect(await allowed(1, 'a')).toBe(0);
});

test('keeps a bounded number of keys, and forgets the least recently used', async () => {
  const { allowed } = start({ maxKeys: 2 });
  expect(await allowed(4, 'a')).toBe(4);
  expect(await allowed(4, 'b')).toBe(4);
  expect(await allowed(1, 'a')).toBe(0);
  expect(await allowed(4, 'c')).toBe(4);
  expect(await allowed(1, 'a')).toBe(0);
  expect(await allowed(4, 'b')).toBe(4);
});
