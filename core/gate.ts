import { AppError } from './errors.ts';

/** At most `width` tasks at once, at most `queue` more waiting; beyond that a caller is told to come back. */
export interface Gate {
  /** @throws AppError `OVERLOADED` when the queue is full */
  run<T>(task: () => Promise<T>): Promise<T>;
  readonly running: number;
  readonly waiting: number;
}

export function createGate(options: { width: number; queue: number; name: string }): Gate {
  const waiters: (() => void)[] = [];
  let running = 0;

  async function enter(): Promise<void> {
    if (running < options.width) {
      running += 1;
      return;
    }
    if (waiters.length >= options.queue) {
      throw new AppError('OVERLOADED', `Too many ${options.name} at once: try again shortly.`, {
        retryAfter: 1,
      });
    }
    // The one who leaves hands over the place, so `running` is not touched on this path.
    await new Promise<void>((resolve) => waiters.push(resolve));
  }

  function leave(): void {
    const next = waiters.shift();
    if (next) next();
    else running -= 1;
  }

  return {
    async run(task) {
      await enter();
      try {
        return await task();
      } finally {
        leave();
      }
    },
    get running() {
      return running;
    },
    get waiting() {
      return waiters.length;
    },
  };
}
