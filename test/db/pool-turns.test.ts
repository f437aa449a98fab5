import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTurns } from '../../db/connection/turns.ts';

// Who gets a connection, when, and who is sent away. Time is the test's own.
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const turnsOf = (max: number, more: { milliseconds?: number; callers?: number } = {}) =>
  createTurns({ max, milliseconds: 100, callers: 10, ...more });

/** Lets every promise that can settle do so. */
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

test('places are handed out up to the maximum, and again when they are returned', async () => {
  const turns = turnsOf(2);
  const leave = await turns.enter();
  await turns.enter();
  expect(turns).toMatchObject({ busy: 2, waiting: 0 });
  const third = turns.enter();
  expect(turns).toMatchObject({ busy: 2, waiting: 1 });
  leave();
  await third;
  expect(turns).toMatchObject({ busy: 2, waiting: 0 });
});

test('whoever asked first is served first', async () => {
  const turns = turnsOf(1);
  const served: number[] = [];
  let leave = await turns.enter();
  const asking = Array.from({ length: 5 }, async (_, index) => {
    leave = await turns.enter();
    served.push(index);
  });
  for (let index = 0; index < 5; index += 1) {
    leave();
    await settle();
  }
  await Promise.all(asking);
  expect(served).toEqual([0, 1, 2, 3, 4]);
});

test.each([
  [1, 1],
  [2, 1],
  [3, 1],
  [4, 2],
  [10, 5],
])('of %i places one share holds at most %i, and the others go past it', async (max, half) => {
  const turns = turnsOf(max);
  for (let taken = 0; taken < half; taken += 1) await turns.enter('a');
  const over = turns.enter('a');
  expect(turns).toMatchObject({ busy: half, waiting: 1 });
  if (max > half) {
    await turns.enter('b');
    expect(turns.busy).toBe(half + 1);
  }
  void turns.close();
  await expect(over).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' });
});

test('a share that waits for itself gets the next place of its own, not one of another', async () => {
  const turns = turnsOf(4);
  const leaveA = await turns.enter('a');
  await turns.enter('a');
  const leaveB = await turns.enter('b');
  let served = false;
  const waiting = turns.enter('a').then(() => {
    served = true;
  });
  leaveB();
  await settle();
  expect(served).toBe(false);
  leaveA();
  await waiting;
  expect(served).toBe(true);
});

test('callers of no share are bound by the maximum alone', async () => {
  const turns = turnsOf(4);
  await Promise.all([turns.enter(), turns.enter(), turns.enter(), turns.enter()]);
  expect(turns.busy).toBe(4);
});

test('a wait that is too long ends as OVERLOADED, and gives its place in the line away', async () => {
  const turns = turnsOf(1, { milliseconds: 100 });
  const leave = await turns.enter();
  const tooLong = expect(turns.enter()).rejects.toMatchObject({ reason: 'OVERLOADED', details: { retryAfter: 1 } });
  await vi.advanceTimersByTimeAsync(99);
  const patient = turns.enter();
  await vi.advanceTimersByTimeAsync(1);
  await tooLong;
  expect(turns).toMatchObject({ busy: 1, waiting: 1 });
  leave();
  await patient;
  expect(turns).toMatchObject({ busy: 1, waiting: 0 });
});

test('a full line sends callers away at once', async () => {
  const turns = turnsOf(1, { callers: 2 });
  await turns.enter();
  const line = [turns.enter(), turns.enter()];
  await expect(turns.enter()).rejects.toMatchObject({ reason: 'OVERLOADED' });
  void turns.close();
  await Promise.allSettled(line);
});

test('a place is returned once, however often that is said', async () => {
  const turns = turnsOf(2);
  const leave = await turns.enter('a');
  await turns.enter('b');
  leave();
  leave();
  expect(turns.busy).toBe(1);
  await turns.enter('a');
  expect(turns.busy).toBe(2);
});

test('closing refuses who waits and who comes, as SHUTTING_DOWN, and lets who is in leave', async () => {
  const turns = turnsOf(1);
  const leave = await turns.enter();
  const waiting = expect(turns.enter()).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' });
  void turns.close();
  await waiting;
  await expect(turns.enter()).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' });
  leave();
  expect(turns).toMatchObject({ busy: 0, waiting: 0 });
  expect(vi.getTimerCount()).toBe(0);
});
