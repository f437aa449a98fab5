import { watchLaunchers } from './launchers.ts';

// One Ctrl-C reaches us twice: from the terminal, and passed on by `bun run`. A later one means impatience.
const IMPATIENT_MS = 1000;

/**
 * Listens for whatever asks this process to end: Ctrl-C, a signal, or the end of the package runner that started it.
 * @param on.first told the cause, in a few words.
 * @param on.impatient called when it is asked again, a second later or more. Exiting takes the children along.
 * @returns aborts at the first of them.
 */
export function onInterrupt(on: { first: (cause: string) => void; impatient: () => void }): AbortSignal {
  const controller = new AbortController();
  let first: number | undefined;
  const interrupt = (cause: string) => {
    if (first === undefined) {
      first = performance.now();
      on.first(cause);
      controller.abort(new Error(cause));
    } else if (performance.now() - first > IMPATIENT_MS) {
      on.impatient();
    }
  };
  process.on('SIGINT', () => interrupt('Ctrl-C'));
  process.on('SIGTERM', () => interrupt('SIGTERM'));
  process.on('SIGHUP', () => interrupt('the terminal is gone'));
  watchLaunchers(() => interrupt('the command that started this is gone'));
  return controller.signal;
}
