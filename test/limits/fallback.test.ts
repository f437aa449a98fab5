import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createFallbackCounter, createMemoryCounter, type Counter } from '../../core/rate-limit/index.ts';

const rule = { name: 'tries', tokens: 3, seconds: 60 };
const START = 1_000 * 60_000;

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

type Mood = 'answers' | 'fails' | 'is silent';

/** A fallback counter over a shared counter that answers, fails or is silent. */
function start() {
  let mood: Mood = 'answers';
  let asked = 0;
  const theirs = createMemoryCounter();
  const inMood = async <T>(answer: () => Promise<T>): Promise<T> => {
    asked += 1;
    if (mood === 'fails') throw new Error('no connection');
    if (mood === 'is silent') await new Promise(() => undefined);
    return await answer();
  };
  const shared: Counter = {
    count: (...call) =>
      inMood(async () => {
        const taken = await theirs.count(...call);
        return { ...taken, refund: () => inMood(() => taken.refund()) };
      }),
  };
  const changes: boolean[] = [];
  const counter = createFallbackCounter(shared, { onChange: (away) => changes.push(away) });
  return {
    counter,
    theirs,
    changes,
    become: (next: Mood) => {
      mood = next;
    },
    asked: () => asked,
    allowed: async (times: number): Promise<number> => {
      const counts = await Promise.all(Array.from({ length: times }, () => counter.count(rule, 'one')));
      return counts.filter((count) => count.allowed).length;
    },
  };
}

/** Lets so many ms pass. */
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test('counts in the shared counter while that answers, also when it refuses', async () => {
  const { counter, theirs, allowed, changes } = start();
  expect(await allowed(5)).toBe(3);
  expect(await theirs.count(rule, 'one')).toMatchObject({ allowed: false });
  expect([counter.away, changes]).toEqual([false, []]);
});

test('counts in this process at once when the shared counter fails, and allows no more than the limit', async () => {
  const { counter, allowed, changes, become } = start();
  become('fails');
  expect(await allowed(5)).toBe(3);
  expect(await allowed(5)).toBe(0);
  expect([counter.away, changes]).toEqual([true, [true]]);
});

test('waits 100 ms for an answer, and then counts in this process', async () => {
  const { counter, become } = start();
  become('is silent');
  const heard = vi.fn<(allowed: boolean) => void>();
  void counter.count(rule, 'one').then(({ allowed }) => heard(allowed));
  await pass(99);
  expect(heard).not.toHaveBeenCalled();
  await pass(1);
  expect(heard).toHaveBeenCalledWith(true);
  expect(counter.away).toBe(true);
});

test('counts every call that was in flight when the shared counter stopped answering', async () => {
  const { allowed, become } = start();
  become('is silent');
  const allowing = allowed(20);
  await pass(100);
  expect(await allowing).toBe(3);
});

test('lets one call a second try the shared counter again, and no other call wait for it', async () => {
  const { counter, allowed, asked, become } = start();
  become('is silent');
  const first = allowed(1);
  await pass(100);
  await first;
  expect(asked()).toBe(1);
  await allowed(50);
  await pass(999);
  await allowed(50);
  expect(asked()).toBe(1);
  await pass(1);
  const looking = allowed(1);
  await allowed(50);
  expect(asked()).toBe(2);
  await pass(100);
  await looking;
  expect(counter.away).toBe(true);
});

test('counts in the shared counter again as soon as a try is answered', async () => {
  const { counter, allowed, changes, become, theirs } = start();
  become('fails');
  await allowed(3);
  become('answers');
  expect(await allowed(1)).toBe(0);
  await pass(1_000);
  expect(await allowed(1)).toBe(1);
  expect(await allowed(9)).toBe(2);
  expect(await theirs.count(rule, 'one')).toMatchObject({ allowed: false });
  expect([counter.away, changes]).toEqual([false, [true, false]]);
});

test('refunds a count where it was made, or leaves it counted', async () => {
  const { counter, allowed, become } = start();
  const kept = await counter.count(rule, 'one');
  const lost = await counter.count(rule, 'one');
  await kept.refund();
  expect(await allowed(9)).toBe(2);

  become('is silent');
  const giving = lost.refund();
  await pass(100);
  await giving;
  expect(counter.away).toBe(true);
  // This process has counted nothing yet, so nothing may be refunded here.
  expect(await allowed(9)).toBe(3);
  await kept.refund();
  expect(await allowed(9)).toBe(0);
});

test('uses an answer that arrived while this process was too busy to read it', async () => {
  vi.useRealTimers();
  const theirs = createMemoryCounter();
  const counter = createFallbackCounter(
    { count: (...call) => new Promise((resolve) => setImmediate(() => resolve(theirs.count(...call)))) },
    { onChange: () => undefined },
  );
  const counting = counter.count(rule, 'one');
  const until = performance.now() + 200;
  while (performance.now() < until);
  await counting;
  expect(counter.away).toBe(false);
});
