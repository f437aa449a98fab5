import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createConnectionGate } from '../../db/connection/pool.ts';

// Which caller gets a connection, when, and which is refused. The tests use fake timers.
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const gateOf = (max: number, more: { milliseconds?: number; callers?: number } = {}) =>
  createConnectionGate({ max, milliseconds: 100, callers: 10, ...more });

/** Waits until all promises that can settle have settled. */
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

test('places are handed out up to the maximum, and again when they are returned', async () => {
  const gate = gateOf(2);
  const leave = await gate.enter();
  await gate.enter();
  expect(gate).toMatchObject({ running: 2, waiting: 0 });
  const third = gate.enter();
  expect(gate).toMatchObject({ running: 2, waiting: 1 });
  leave();
  await third;
  expect(gate).toMatchObject({ running: 2, waiting: 0 });
});

test('places are handed out in the order of asking', async () => {
  const gate = gateOf(1);
  const served: number[] = [];
  let leave = await gate.enter();
  const asking = Array.from({ length: 5 }, async (_, index) => {
    leave = await gate.enter();
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
])(
  'of %i places one share holds at most %i, and other shares are served before its further requests',
  async (max, half) => {
    const gate = gateOf(max);
    for (let taken = 0; taken < half; taken += 1) await gate.enter({ share: 'a' });
    const over = gate.enter({ share: 'a' });
    expect(gate).toMatchObject({ running: half, waiting: 1 });
    if (max > half) {
      await gate.enter({ share: 'b' });
      expect(gate.running).toBe(half + 1);
    }
    void gate.close();
    await expect(over).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' });
  },
);

test('a share at its maximum gets the next place that it returns itself, not one that another share returns', async () => {
  const gate = gateOf(4);
  const leaveA = await gate.enter({ share: 'a' });
  await gate.enter({ share: 'a' });
  const leaveB = await gate.enter({ share: 'b' });
  let served = false;
  const waiting = gate.enter({ share: 'a' }).then(() => {
    served = true;
  });
  leaveB();
  await settle();
  expect(served).toBe(false);
  leaveA();
  await waiting;
  expect(served).toBe(true);
});

test('callers without a share are limited by the total only', async () => {
  const gate = gateOf(4);
  await Promise.all([gate.enter(), gate.enter(), gate.enter(), gate.enter()]);
  expect(gate.running).toBe(4);
});

test('a wait that takes too long ends as OVERLOADED, and leaves the queue', async () => {
  const gate = gateOf(1, { milliseconds: 100 });
  const leave = await gate.enter();
  const tooLong = expect(gate.enter()).rejects.toMatchObject({ reason: 'OVERLOADED', details: { retryAfter: 1 } });
  await vi.advanceTimersByTimeAsync(99);
  const patient = gate.enter();
  await vi.advanceTimersByTimeAsync(1);
  await tooLong;
  expect(gate).toMatchObject({ running: 1, waiting: 1 });
  leave();
  await patient;
  expect(gate).toMatchObject({ running: 1, waiting: 0 });
});

test('a full queue refuses further callers at once', async () => {
  const gate = gateOf(1, { callers: 2 });
  await gate.enter();
  const line = [gate.enter(), gate.enter()];
  await expect(gate.enter()).rejects.toMatchObject({ reason: 'OVERLOADED' });
  void gate.close();
  await Promise.allSettled(line);
});

test('a place that is returned twice counts as returned once', async () => {
  const gate = gateOf(2);
  const leave = await gate.enter({ share: 'a' });
  await gate.enter({ share: 'b' });
  leave();
  leave();
  expect(gate.running).toBe(1);
  await gate.enter({ share: 'a' });
  expect(gate.running).toBe(2);
});

test('closing refuses waiting and new callers as SHUTTING_DOWN, and lets holders of places finish', async () => {
  const gate = gateOf(1);
  const leave = await gate.enter();
  const waiting = expect(gate.enter()).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' });
  void gate.close();
  await waiting;
  await expect(gate.enter()).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' });
  leave();
  expect(gate).toMatchObject({ running: 0, waiting: 0 });
  expect(vi.getTimerCount()).toBe(0);
});
