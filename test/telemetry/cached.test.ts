import { expect, test } from 'vitest';
import { cached } from '../../core/cached.ts';
import { within } from '../../core/within.ts';

/** Questions that are answered by hand, at a time set by hand. */
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

test('all who ask meanwhile share one question, however long it takes', async () => {
  const { ask, open, clock } = desk();
  const first = ask();
  clock.now = 5_000;
  const second = ask();
  expect(open).toHaveLength(1);
  open[0]?.('yes');
  expect(await Promise.all([first, second])).toEqual(['yes', 'yes']);
});

test('an answer stands for its time, and no longer', async () => {
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

test('a failure stands as long as an answer does', async () => {
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

test('what takes too long is answered without it', async () => {
  expect(await within(5, () => 'late', new Promise(() => undefined))).toBe('late');
  expect(await within(60_000, () => 'late', Promise.resolve('in time'))).toBe('in time');
});
