import type { Log } from '../log/log.ts';

/** A second signal within this time counts as the first one, in ms: a terminal's Ctrl-C may reach a process in two ways. */
const SAME_SIGNAL_MS = 1_000;

/** The parts of `process` that stopping uses. */
export interface StoppableProcess {
  on(event: string, listener: (error: unknown) => void): unknown;
  exit(code?: number): void;
  exitCode?: number | string | null | undefined;
}

/**
 * Drains a process when SIGTERM, SIGINT or an error that nobody caught asks it to stop. A second signal ends it at once.
 * Sets the exit code: 0 after a signal, 1 after an error, 130 after a second signal.
 * @param options.name what the log calls the process
 * @param options.drain called once, at the first request; ends the process itself
 */
export function stopOnSignals(target: StoppableProcess, options: { name: string; log: Log; drain: () => void }): void {
  const { name, log, drain } = options;
  let askedAt: number | undefined;
  let exitCode = 0;

  function stop(cause: string, code = 0): void {
    exitCode = Math.max(exitCode, code);
    target.exitCode = exitCode;
    if (askedAt === undefined) {
      askedAt = Date.now();
      log.info({ cause }, 'draining');
      drain();
      return;
    }
    // An error changes the exit code, not the time: the work under way may still succeed.
    if (code !== 0 || Date.now() - askedAt < SAME_SIGNAL_MS) return;
    log.warn({ cause }, `second signal: the ${name} exits immediately`);
    target.exit(exitCode === 0 ? 130 : exitCode);
  }

  for (const signal of ['SIGTERM', 'SIGINT']) target.on(signal, () => stop(signal));
  // The state after such an error is unknown, so the process stops and leaves the work to others.
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    target.on(event, (error) => {
      log.fatal({ err: error }, 'uncaught error');
      stop(event, 1);
    });
  }
}
