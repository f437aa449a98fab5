import { waitFor } from '../support/wait.ts';

/**
 * Waits until the current window has at least `enough` ms left, so that a test that counts to a limit sees only one window.
 * Windows begin at the minutes and hours of the clock.
 * @param seconds the length of a window, in seconds
 */
export async function withinOneWindow(seconds: number, enough: number): Promise<void> {
  const size = seconds * 1000;
  await waitFor('a window to begin', () => size - (Date.now() % size) > enough, enough + 1_000);
}
