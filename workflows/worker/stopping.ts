import type { Log } from '../../core/log/log.ts';
import { stopOnSignals, type StoppableProcess } from '../../core/process/stop-signals.ts';

/**
 * In ms: how long activities under way may take to end, once asked to, and when the worker ends without them. The
 * SDK's own `shutdownForceTime` ends in an uncaught IllegalStateError while a local activity runs.
 */
export const GRACE = { end: 6_000, force: 8_000 } as const;

export interface Stopping {
  /** Says how to drain once there is a worker. Until then a signal ends the process at once. */
  drainBy(drain: () => void): void;
}

/** Stops the worker on signals, from before it is connected until it has drained or its grace is over. */
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
        // Temporal gives what is under way to another worker.
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
