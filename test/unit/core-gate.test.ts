import { expect, test } from 'vitest';
import { createGate } from '../../core/gate.ts';

/** @returns a task that ends when the test says so */
function task(): { run: () => Promise<string>; end: () => void; fail: () => void } {
  let end: () => void = () => undefined;
  let fail: () => void = () => undefined;
  const done = new Promise<string>((resolve, reject) => {
    end = () => resolve('done');
    fail = () => reject(new Error('failed'));
  });
  return { run: () => done, end, fail };
}

const gateOf = (width: number, queue: number) =>
  createGate({ width, queue, refusal: 'Too many tasks are in progress. Retry the request in a moment.' });

test('no more tasks run at once than the gate is wide', async () => {
  const gate = gateOf(2, 10);
  let running = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    running -= 1;
  };
  await Promise.all(Array.from({ length: 12 }, () => gate.run(work)));
  expect(most).toBe(2);
  expect(gate).toMatchObject({ running: 0, waiting: 0 });
});

test('tasks run in the order of asking', async () => {
  const gate = gateOf(1, 10);
  const order: number[] = [];
  await Promise.all(Array.from({ length: 5 }, (_, index) => gate.run(async () => void order.push(index))));
  expect(order).toEqual([0, 1, 2, 3, 4]);
});

test('a task that finds the queue full is refused at once, as OVERLOADED', async () => {
  const gate = gateOf(1, 1);
  const first = task();
  const running = gate.run(first.run);
  const waiting = gate.run(async () => 'next');
  expect(gate).toMatchObject({ running: 1, waiting: 1 });
  await expect(gate.run(async () => 'never')).rejects.toMatchObject({
    reason: 'OVERLOADED',
    details: { retryAfter: 1 },
  });
  first.end();
  expect(await Promise.all([running, waiting])).toEqual(['done', 'next']);
  expect(await gate.run(async () => 'again')).toBe('again');
});

test('a task that fails gives its place to the next', async () => {
  const gate = gateOf(1, 1);
  const first = task();
  const running = gate.run(first.run);
  const waiting = gate.run(async () => 'next');
  first.fail();
  await expect(running).rejects.toThrow('failed');
  expect(await waiting).toBe('next');
});

test('a task that throws at once gives its place back', async () => {
  const gate = gateOf(1, 0);
  const thrown = gate.run(() => {
    throw new Error('at once');
  });
  await expect(thrown).rejects.toThrow('at once');
  expect(await gate.run(async () => 'next')).toBe('next');
});

test("owners take turns: a new owner's task waits behind one task of each other owner, not behind all of a flood", async () => {
  const gate = gateOf(1, 20);
  const first = task();
  const order: string[] = [];
  const add = (name: string, owners: string[]) => gate.run(async () => void order.push(name), owners);
  const all = [gate.run(first.run, ['flood'])];
  const more = Array.from({ length: 5 }, (_, index) => add(`flood ${index}`, ['flood']));
  more.push(add('other account of the flood', ['flood', 'account']), add('stranger', ['stranger']));
  first.end();
  await Promise.all([...all, ...more]);
  expect(order.indexOf('stranger')).toBeLessThanOrEqual(1);
  expect(order.at(-1)).toBe('other account of the flood');
});

test('when the queue is full, a new owner takes the last place of the owner with most tasks', async () => {
  const gate = gateOf(1, 4);
  const first = task();
  const running = gate.run(first.run, ['flood']);
  const flood = Array.from({ length: 5 }, (_, index) => gate.run(async () => index, ['flood']));
  const strangers = ['one', 'two'].map((name) => gate.run(async () => name, [name]));
  // By now the queue holds one task of each stranger, and two of the flood.
  const late = gate.run(async () => 'late', ['flood']);
  const settling = Promise.allSettled([...flood, ...strangers, late]);
  first.end();
  await running;
  const settled = (await settling).map((one) => (one.status === 'fulfilled' ? one.value : 'refused'));
  expect(settled).toEqual([0, 1, 'refused', 'refused', 'refused', 'one', 'two', 'refused']);
  expect(gate).toMatchObject({ running: 0, waiting: 0 });
});
