import { expect, test } from 'vitest';
import { createMemoryCounter } from '../../core/rate-limit/index.ts';

const MINUTE = 60_000;
const rule = { name: 'tries', tokens: 4, seconds: 60 };

/** A counter at the beginning of a window, and the hand of its clock. */
function start(options: { keys?: number } = {}) {
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

test('allows as many as the rule says, each key and each rule for itself', async () => {
  const { counter, allowed } = start();
  expect(await allowed(10)).toBe(4);
  expect(await allowed(10, 'other')).toBe(4);
  expect(await counter.count({ ...rule, name: 'others' }, 'one')).toMatchObject({ allowed: true });
});

test('says how many are left, and when the window ends', async () => {
  const { counter, to } = start();
  to(10_000);
  const end = { limit: 4, resetAt: 1_001 * MINUTE };
  expect(await counter.count(rule, 'one')).toMatchObject({ allowed: true, remaining: 3, ...end });
  await counter.count(rule, 'one');
  await counter.count(rule, 'one');
  expect(await counter.count(rule, 'one')).toMatchObject({ allowed: true, remaining: 0, ...end });
  expect(await counter.count(rule, 'one')).toMatchObject({ allowed: false, remaining: 0, ...end });
});

test('lets the last window weigh as much as it still overlaps', async () => {
  const { allowed, to } = start();
  await allowed(4);
  to(MINUTE);
  expect(await allowed(9)).toBe(0);
  to(1.5 * MINUTE);
  expect(await allowed(9)).toBe(2);
  to(1.76 * MINUTE);
  expect(await allowed(9)).toBe(2);
});

test('forgets what lies two windows back', async () => {
  const { allowed, to } = start();
  await allowed(4);
  to(2 * MINUTE);
  expect(await allowed(9)).toBe(4);
});

test('does not count what it refuses', async () => {
  const { allowed, to } = start();
  await allowed(100);
  to(1.5 * MINUTE);
  expect(await allowed(9)).toBe(2);
});

test('takes a count back while its window lasts', async () => {
  const { counter, allowed } = start();
  const first = await counter.count(rule, 'one');
  await allowed(3);
  expect(await allowed(1)).toBe(0);
  await first.giveBack();
  expect(await allowed(2)).toBe(1);
});

test('takes nothing from the next window, nor for what was refused', async () => {
  const { counter, allowed, to } = start();
  const early = await Promise.all([counter.count(rule, 'one'), counter.count(rule, 'one')]);
  to(2 * MINUTE);
  await allowed(4);
  const refused = await counter.count(rule, 'one');
  await Promise.all([...early, refused].map((count) => count.giveBack()));
  expect(await allowed(1)).toBe(0);
});

test('forgets nothing of one rule for the many keys of another', async () => {
  const { counter, allowed } = start({ keys: 2 });
  expect(await allowed(4, 'a')).toBe(4);
  for (const key of ['b', 'c', 'd']) await counter.count({ ...rule, name: 'others' }, key);
  expect(await allowed(1, 'a')).toBe(0);
});

test('keeps as many keys as it may, and forgets the one unused for longest', async () => {
  const { allowed } = start({ keys: 2 });
  expect(await allowed(4, 'a')).toBe(4);
  expect(await allowed(4, 'b')).toBe(4);
  expect(await allowed(1, 'a')).toBe(0);
  expect(await allowed(4, 'c')).toBe(4);
  expect(await allowed(1, 'a')).toBe(0);
  expect(await allowed(4, 'b')).toBe(4);
});
