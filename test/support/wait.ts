import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Calls `ask` repeatedly until it returns a value.
 * @param what the name of the awaited condition, for the error message
 * @param ask returns `undefined` or `false` while the condition does not hold
 * @param timeout in ms
 */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  timeout = 20_000,
): Promise<T> {
  const end = Date.now() + timeout;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`Waited ${timeout} ms in vain for ${what}`);
    await sleep(25);
  }
}
