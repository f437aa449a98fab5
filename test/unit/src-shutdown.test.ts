import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLog } from '../../core/log/log.ts';
import { createShutdown } from '../../src/shutdown.ts';

// What a server's way out comes to when several things happen on it. test/shutdown sees real servers go.
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const never = (): Promise<void> => new Promise(() => undefined);

function start(parts: { stop?: (force: boolean) => Promise<void>; close?: () => Promise<void> } = {}) {
  const exit = vi.fn<(code: number) => void>();
  const lines: string[] = [];
  const log = createLog({ name: 'server', format: 'json', to: { write: (line) => void lines.push(line) } });
  const { stop = () => Promise.resolve(), close = () => Promise.resolve() } = parts;
  return { shutdown: createShutdown({ window: 5_000, deadline: 30_000, log, stop, close, exit }), exit, lines };
}

test('a signal leads out with 0, once the window is over', async () => {
  const { shutdown, exit } = start();
  shutdown.begin('SIGTERM');
  await vi.advanceTimersByTimeAsync(4_900);
  expect(exit).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(exit.mock.calls).toEqual([[0]]);
});

test.each([100, 3_000])('an error %i ms after a signal changes how it ends, not when', async (later) => {
  const { shutdown, exit } = start();
  shutdown.begin('SIGTERM');
  await vi.advanceTimersByTimeAsync(later);
  shutdown.begin('uncaughtException', 1);
  await vi.advanceTimersByTimeAsync(4_900 - later);
  expect(exit).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(exit.mock.calls).toEqual([[1]]);
});

test('a second signal ends it at once, unless it is the first, come twice', async () => {
  const { shutdown, exit } = start();
  shutdown.begin('SIGINT');
  await vi.advanceTimersByTimeAsync(100);
  shutdown.begin('SIGINT');
  expect(exit).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1_000);
  shutdown.begin('SIGINT');
  expect(exit.mock.calls).toEqual([[130]]);
});

test('what hangs as it is closed does not keep it', async () => {
  const { shutdown, exit } = start({ close: never });
  shutdown.begin('SIGTERM');
  await vi.advanceTimersByTimeAsync(30_500);
  expect(exit).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(exit.mock.calls).toEqual([[0]]);
});

test('answers that nobody reads to their end are cut off at the deadline, and it says so', async () => {
  const { shutdown, exit, lines } = start({ stop: (force) => (force ? Promise.resolve() : never()) });
  shutdown.begin('SIGTERM');
  await vi.advanceTimersByTimeAsync(29_900);
  expect(exit).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(200);
  expect(exit.mock.calls).toEqual([[0]]);
  expect(lines.join('')).toContain('answers were not read to their end in time');
});
