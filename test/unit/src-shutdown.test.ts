import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLog } from '../../core/log/log.ts';
import { stopOnSignals } from '../../core/process/stop-signals.ts';
import { createShutdown } from '../../src/shutdown.ts';

// A shutdown during which several things happen. test/shutdown tests real servers.
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
  const target = Object.assign(new EventEmitter(), {
    exitCode: undefined as number | undefined,
    exit: (code?: number): void => exit(code ?? target.exitCode ?? 0),
  });
  const shutdown = createShutdown({ window: 5_000, deadline: 30_000, log, stop, close, exit: target.exit });
  stopOnSignals(target, { name: 'server', log, drain: () => shutdown.begin() });
  return { target, exit, lines };
}

test('a signal ends the server with 0 after the drain window', async () => {
  const { target, exit } = start();
  target.emit('SIGTERM');
  await vi.advanceTimersByTimeAsync(4_900);
  expect(exit).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(exit.mock.calls).toEqual([[0]]);
});

test.each([100, 3_000])(
  'an error %i ms after a signal changes the exit code, not the time of the exit',
  async (later) => {
    const { target, exit } = start();
    target.emit('SIGTERM');
    await vi.advanceTimersByTimeAsync(later);
    target.emit('uncaughtException', new Error('planted'));
    await vi.advanceTimersByTimeAsync(4_900 - later);
    expect(exit).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(exit.mock.calls).toEqual([[1]]);
  },
);

test('a second signal ends the server at once, unless it is the first one delivered twice', async () => {
  const { target, exit } = start();
  target.emit('SIGINT');
  await vi.advanceTimersByTimeAsync(100);
  target.emit('SIGINT');
  expect(exit).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1_000);
  target.emit('SIGINT');
  expect(exit.mock.calls).toEqual([[130]]);
});

test('a resource that hangs on close does not delay the exit beyond the deadline', async () => {
  const { target, exit } = start({ close: never });
  target.emit('SIGTERM');
  await vi.advanceTimersByTimeAsync(30_500);
  expect(exit).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(exit.mock.calls).toEqual([[0]]);
});

test('answers that are still being read are cut off at the deadline, which is logged', async () => {
  const { target, exit, lines } = start({ stop: (force) => (force ? Promise.resolve() : never()) });
  target.emit('SIGTERM');
  await vi.advanceTimersByTimeAsync(29_900);
  expect(exit).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(200);
  expect(exit.mock.calls).toEqual([[0]]);
  expect(lines.join('')).toContain('clients did not read their responses in time');
});
