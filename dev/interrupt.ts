import { watchLaunchers } from './launchers.ts';

// One Ctrl-C arrives twice: from the terminal and from `bun run`. A later one means that the user does not want to wait.
const IMPATIENT_MS = 1000;

/**
 * Listens for requests to end this process: Ctrl-C, a signal, or the end of the package runner that started it.
 * @param on.first called at the first request, with its cause in a few words.
 * @param on.impatient called at another request, a second later or more. Exiting then also ends the child processes.
 * @returns a signal that is aborted at the first request.
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
