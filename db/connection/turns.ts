import { AppError } from '../../core/errors.ts';

/** Hands out `max` places in the order of asking, and to no share more than half of them. */
export interface Turns {
  /**
   * Waits for a place; the function it gives returns the place, once.
   * @throws AppError `OVERLOADED` when the line is full or the wait too long, `SHUTTING_DOWN` after `close`
   */
  enter(share?: string): Promise<() => void>;
  /** Refuses all who wait or come, and waits for those inside. */
  close(): Promise<void>;
  readonly busy: number;
  readonly waiting: number;
  /** Of all who came until now. */
  readonly tally: Readonly<TurnsTally>;
}

export interface TurnsTally {
  /** How many had to wait, and how long all of them together, in ms. */
  waits: number;
  waitedMs: number;
  /** How many were turned away. */
  refused: number;
}

interface Waiter {
  share: string | undefined;
  admit(): void;
  refuse(error: AppError): void;
}

/**
 * @param options.max places in all
 * @param options.milliseconds how long one may wait
 * @param options.callers how many may wait
 */
export function createTurns(options: { max: number; milliseconds: number; callers: number }): Turns {
  const perShare = Math.max(1, Math.floor(options.max / 2));
  const held = new Map<string, number>();
  const waiters = new Set<Waiter>();
  const tally: TurnsTally = { waits: 0, waitedMs: 0, refused: 0 };
  let busy = 0;
  let closed = false;
  let emptied = (): void => undefined;

  const mayEnter = (share: string | undefined): boolean =>
    busy < options.max && (share === undefined || (held.get(share) ?? 0) < perShare);

  function occupy(share: string | undefined): () => void {
    busy += 1;
    if (share !== undefined) held.set(share, (held.get(share) ?? 0) + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      busy -= 1;
      if (share !== undefined) {
        const rest = (held.get(share) ?? 1) - 1;
        if (rest === 0) held.delete(share);
        else held.set(share, rest);
      }
      if (busy === 0) emptied();
      for (const waiter of waiters) {
        if (mayEnter(waiter.share)) {
          waiter.admit();
          return;
        }
      }
    };
  }

  return {
    tally,
    get busy() {
      return busy;
    },
    get waiting() {
      return waiters.size;
    },
    async enter(share) {
      if (closed) throw shuttingDown();
      if (mayEnter(share)) return occupy(share);
      if (waiters.size >= options.callers) {
        tally.refused += 1;
        throw overloaded();
      }
      const since = performance.now();
      tally.waits += 1;
      return await new Promise((resolve, reject) => {
        const timer = setTimeout(() => waiter.refuse(overloaded()), options.milliseconds);
        const waiter: Waiter = {
          share,
          admit() {
            clearTimeout(timer);
            waiters.delete(waiter);
            tally.waitedMs += performance.now() - since;
            resolve(occupy(share));
          },
          refuse(error) {
            clearTimeout(timer);
            waiters.delete(waiter);
            tally.waitedMs += performance.now() - since;
            tally.refused += 1;
            reject(error);
          },
        };
        waiters.add(waiter);
      });
    },
    async close() {
      closed = true;
      for (const waiter of waiters) waiter.refuse(shuttingDown());
      if (busy > 0) await new Promise<void>((resolve) => (emptied = resolve));
    },
  };
}

function overloaded(): AppError {
  return new AppError('OVERLOADED', 'The database is busy: try again shortly.', { retryAfter: 1 });
}

function shuttingDown(): AppError {
  return new AppError('SHUTTING_DOWN', 'The server is shutting down: try again.', { retryAfter: 1 });
}
