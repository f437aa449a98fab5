import type { Log } from '../../core/log/log.ts';
import { stopOnSignals, type StoppableProcess } from '../../core/process/stop-signals.ts';

/**
 * In ms. `end`: how long running activities may take to end after the signal. `force`: when the worker exits even if
 * some still run. The SDK's `shutdownForceTime` throws an uncaught IllegalStateError while a local activity runs.
 */
export const GRACE = { end: 6_000, force: 8_000 } as const;

export interface Stopping {
  /** Sets how to drain. Until it is called, a signal ends the process at once. */
  drainBy(drain: () => void): void;
}

/** Stops the worker on a signal: it drains, and exits after {@link GRACE} at the latest. */
export function createStopping(target: StoppableProcess, log: Log): Stopping {
  let drainWorker: (() => void) | undefined;
  stopOnSignals(target, {
    name: 'worker',
    log,
    drain() {
      if (!drainWorker) {
        target.exit();
        return;
      }
      drainWorker();
      setTimeout(() => {
        // Temporal gives the unfinished activities to another worker.
        log.warn('an activity did not end in time; the worker exits without it');
        target.exit();
      }, GRACE.force).unref();
    },
  });
  return {
    drainBy(how) {
      drainWorker = how;
    },
  };
}
