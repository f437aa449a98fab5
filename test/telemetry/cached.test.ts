import { expect, test } from 'vitest';
import { cached } from '../../core/cached.ts';
import { within } from '../../core/timeout.ts';

/** A cached function whose answers and clock the test controls. */
function desk() {
  const open: ((answer: string) => void)[] = [];
  const clock = { now: 0 };
  const ask = cached(
    1_000,
    () => new Promise<string>((resolve) => open.push(resolve)),
    () => clock.now,
  );
  return { ask, open, clock };
}

test('all callers during a question share it, however long it takes', async () => {
  const { ask, open, clock } = desk();
  const first = ask();
  clock.now = 5_000;
  const second = ask();
  expect(open).toHaveLength(1);
  open[0]?.('yes');
  expect(await Promise.all([first, second])).toEqual(['yes', 'yes']);
});

test('a cached answer is used for its time, and no longer', async () => {
  const { ask, open, clock } = desk();
  const first = ask();
  clock.now = 500;
  open[0]?.('yes');
  await first;
  clock.now = 1_499;
  expect(await ask()).toBe('yes');
  clock.now = 1_500;
  const next = ask();
  expect(open).toHaveLength(2);
  open[1]?.('no');
  expect(await next).toBe('no');
});

test('a failure is cached as long as an answer', async () => {
  const clock = { now: 0 };
  let asked = 0;
  const ask = cached(
    1_000,
    () => {
      asked += 1;
      return Promise.reject(new Error('down'));
    },
    () => clock.now,
  );
  await expect(ask()).rejects.toThrow('down');
  await expect(ask()).rejects.toThrow('down');
  expect(asked).toBe(1);
  clock.now = 1_000;
  await expect(ask()).rejects.toThrow('down');
  expect(asked).toBe(2);
});

test('a question that takes too long is answered with the fallback', async () => {
  expect(await within(5, () => 'late', new Promise(() => undefined))).toBe('late');
  expect(await within(60_000, () => 'late', Promise.resolve('in time'))).toBe('in time');
});
