import { waitFor } from '../support/wait.ts';

/**
 * Waits until a window of so many seconds has enough left for what comes. Windows begin with the clock's minutes and
 * hours, and a test that counts to a limit must not see two of them.
 * @param enough in ms
 */
export async function withinOneWindow(seconds: number, enough: number): Promise<void> {
  const size = seconds * 1000;
  await waitFor('a window to begin', () => size - (Date.now() % size) > enough, enough + 1_000);
}
