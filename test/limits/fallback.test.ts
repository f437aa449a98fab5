import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createGuardedCounter, createMemoryCounter, type Counter } from '../../core/rate-limit/index.ts';

const rule = { name: 'tries', tokens: 3, seconds: 60 };
const START = 1_000 * 60_000;

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

type Mood = 'answers' | 'fails' | 'is silent';

/** A counter that does what it is told to, and the guard before it. */
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
  const elsewhere: Counter = {
    count: (...call) =>
      inMood(async () => {
        const taken = await theirs.count(...call);
        return { ...taken, giveBack: () => inMood(() => taken.giveBack()) };
      }),
  };
  const changes: boolean[] = [];
  const guarded = createGuardedCounter(elsewhere, { onChange: (away) => changes.push(away) });
  return {
    guarded,
    theirs,
    changes,
    become: (next: Mood) => {
      mood = next;
    },
    asked: () => asked,
    allowed: async (times: number): Promise<number> => {
      const counts = await Promise.all(Array.from({ length: times }, () => guarded.count(rule, 'one')));
      return counts.filter((count) => count.allowed).length;
    },
  };
}

/** Gives what is under way so many ms. */
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test('counts elsewhere while that answers, its refusals too', async () => {
  const { guarded, theirs, allowed, changes } = start();
  expect(await allowed(5)).toBe(3);
  expect(await theirs.count(rule, 'one')).toMatchObject({ allowed: false });
  expect([guarded.away, changes]).toEqual([false, []]);
});

test('counts here at once when elsewhere fails, and lets no more through than the rule', async () => {
  const { guarded, allowed, changes, become } = start();
  become('fails');
  expect(await allowed(5)).toBe(3);
  expect(await allowed(5)).toBe(0);
  expect([guarded.away, changes]).toEqual([true, [true]]);
});

test('waits 100 ms for an answer, and then counts here', async () => {
  const { guarded, become } = start();
  become('is silent');
  const heard = vi.fn<(allowed: boolean) => void>();
  void guarded.count(rule, 'one').then(({ allowed }) => heard(allowed));
  await pass(99);
  expect(heard).not.toHaveBeenCalled();
  await pass(1);
  expect(heard).toHaveBeenCalledWith(true);
  expect(guarded.away).toBe(true);
});

test('counts all of many calls that were under way when the answers stopped', async () => {
  const { allowed, become } = start();
  become('is silent');
  const allowing = allowed(20);
  await pass(100);
  expect(await allowing).toBe(3);
});

test('has one call a second look again, and the others not wait for it', async () => {
  const { guarded, allowed, asked, become } = start();
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
  expect(guarded.away).toBe(true);
});

test('counts elsewhere again as soon as a look is answered', async () => {
  const { guarded, allowed, changes, become, theirs } = start();
  become('fails');
  await allowed(3);
  become('answers');
  expect(await allowed(1)).toBe(0);
  await pass(1_000);
  expect(await allowed(1)).toBe(1);
  expect(await allowed(9)).toBe(2);
  expect(await theirs.count(rule, 'one')).toMatchObject({ allowed: false });
  expect([guarded.away, changes]).toEqual([false, [true, false]]);
});

test('gives a count back to where it was made, or leaves it counted', async () => {
  const { guarded, allowed, become } = start();
  const kept = await guarded.count(rule, 'one');
  const lost = await guarded.count(rule, 'one');
  await kept.giveBack();
  expect(await allowed(9)).toBe(2);

  become('is silent');
  const giving = lost.giveBack();
  await pass(100);
  await giving;
  expect(guarded.away).toBe(true);
  // Here nothing was counted yet, so there is nothing to take it from.
  expect(await allowed(9)).toBe(3);
  await kept.giveBack();
  expect(await allowed(9)).toBe(0);
});

test('an answer that has come while this process was busy is not taken for none', async () => {
  vi.useRealTimers();
  const theirs = createMemoryCounter();
  const guarded = createGuardedCounter(
    { count: (...call) => new Promise((resolve) => setImmediate(() => resolve(theirs.count(...call)))) },
    { onChange: () => undefined },
  );
  const counting = guarded.count(rule, 'one');
  const until = performance.now() + 200;
  while (performance.now() < until);
  await counting;
  expect(guarded.away).toBe(false);
});
