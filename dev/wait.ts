import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from './child.ts';
import { StackError } from './error.ts';

/**
 * Calls `check` repeatedly until it returns a value other than undefined, and returns that value. An error of `check`
 * counts as undefined, unless it is a StackError.
 * @throws StackError when `child` ends first, or after `timeoutMs`; the signal's reason when aborted.
 */
export async function waitFor<T>(
  check: () => Promise<T | undefined>,
  options: { what: string; child?: Child; timeoutMs: number; everyMs?: number; signal?: AbortSignal | undefined },
): Promise<T> {
  const { what, child, timeoutMs, everyMs = 40, signal } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const found = await check().catch((error: unknown) => {
      if (error instanceof StackError) throw error;
      return undefined;
    });
    if (found !== undefined) return found;
    if (child?.ended()) {
      throw new StackError(`${what} ended (${describeExit(await child.exited)}) before it was ready`, child.tail());
    }
    if (performance.now() > deadline) {
      throw new StackError(`${what} was not ready after ${timeoutMs / 1000} s`, child?.tail());
    }
    await sleep(everyMs);
  }
}

/** Waits until a signal is aborted, and never rejects. */
export function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined));
  });
}

/** @returns the text for an exit code; null means that a signal ended the process */
export function describeExit(code: number | null): string {
  return code === null ? 'killed' : `exit code ${code}`;
}

/** @returns the seconds since `start` (in ms, of performance.now()) as text, for progress lines */
export function since(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
