import { AppError, shuttingDown } from './errors.ts';
import { createFairTurns } from './fair-turns.ts';

/**
 * Gives out at most `width` places at once, and lets at most `queue` callers wait. Owners take turns: a caller whose owner
 * has many tasks waits behind callers whose owners have few. If the queue is full, the caller with the last turn is refused.
 */
export interface Gate {
  /**
   * Waits for a place.
   * @returns a function that gives the place back; further calls do nothing
   * @throws AppError `OVERLOADED` if the queue is full and this caller has the last turn, or if the wait is too long;
   *   `SHUTTING_DOWN` after `close`
   */
  enter(by?: GateCaller): Promise<() => void>;
  /** Runs a task in a place. @throws AppError as `enter` */
  run<T>(task: () => Promise<T>, owners?: readonly string[]): Promise<T>;
  /** Refuses all waiting and new callers, and waits until the running tasks end. */
  close(): Promise<void>;
  readonly running: number;
  readonly waiting: number;
  /** The counts of all callers since the start. */
  readonly tally: Readonly<GateTally>;
}

export interface GateCaller {
  /** Who takes turns, such as an address and an account. Callers without owners are served in the order of their calls. */
  owners?: readonly string[];
  /** Whose share of the places this counts against. */
  share?: string | undefined;
}

export interface GateTally {
  /** How many callers had to wait. */
  waits: number;
  /** The sum of their waiting times. */
  waitedMs: number;
  refused: number;
}

export interface GateOptions {
  /** The number of places. */
  width: number;
  /** How many callers may wait. */
  queue: number;
  /** How many places one share may hold; all of them by default. */
  perShare?: number;
  /** How long a caller may wait; no limit by default. */
  waitMs?: number;
  /** The message of `OVERLOADED`. */
  refusal: string;
}

interface Waiter {
  turn: number;
  owners: readonly string[];
  share: string | undefined;
  admit(): void;
  refuse(error: AppError): void;
}

export function createGate({ width, queue, perShare = width, waitMs, refusal }: GateOptions): Gate {
  const turns = createFairTurns();
  const held = new Map<string, number>();
  const waiters: Waiter[] = [];
  const tally: GateTally = { waits: 0, waitedMs: 0, refused: 0 };
  let running = 0;
  let closed = false;
  let onEmpty = (): void => undefined;

  const overloaded = (): AppError => new AppError('OVERLOADED', refusal, { retryAfter: 1 });
  const heldBy = (share: string): number => held.get(share) ?? 0;
  const isFree = (share: string | undefined): boolean =>
    running < width && (share === undefined || heldBy(share) < perShare);

  async function enter({ owners = [], share }: GateCaller = {}): Promise<() => void> {
    if (closed) throw shuttingDown();
    const turn = turns.next(owners);
    if (isFree(share)) {
      turns.take(owners, turn);
      return occupy(turn, share);
    }
    if (waiters.length >= queue) evictAfter(turn);
    turns.take(owners, turn);
    return await waitFor({ turn, owners, share });
  }

  /** Refuses the last caller in the queue if its turn is later than this one. @throws AppError `OVERLOADED` if it is not */
  function evictAfter(turn: number): void {
    const last = waiters.at(-1);
    if (last && last.turn > turn) {
      last.refuse(overloaded());
      return;
    }
    tally.refused += 1;
    throw overloaded();
  }

  function waitFor(caller: Pick<Waiter, 'turn' | 'owners' | 'share'>): Promise<() => void> {
    const since = performance.now();
    tally.waits += 1;
    return new Promise((resolve, reject) => {
      const timer = waitMs === undefined ? undefined : setTimeout(() => waiter.refuse(overloaded()), waitMs);
      const endWait = (): void => {
        clearTimeout(timer);
        waiters.splice(waiters.indexOf(waiter), 1);
        tally.waitedMs += performance.now() - since;
      };
      const waiter: Waiter = {
        ...caller,
        admit() {
          endWait();
          resolve(occupy(caller.turn, caller.share));
        },
        refuse(error) {
          endWait();
          turns.giveBack(caller.owners, caller.turn);
          tally.refused += 1;
          reject(error);
        },
      };
      const next = waiters.findIndex(({ turn }) => turn > caller.turn);
      waiters.splice(next === -1 ? waiters.length : next, 0, waiter);
    });
  }

  /** Takes a free place. @returns a function that gives it back and admits the next caller that may have it */
  function occupy(turn: number, share: string | undefined): () => void {
    running += 1;
    if (share !== undefined) held.set(share, heldBy(share) + 1);
    turns.reach(turn);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      running -= 1;
      if (share !== undefined) giveBackShare(share);
      waiters.find((waiter) => isFree(waiter.share))?.admit();
      if (running > 0) return;
      turns.clear();
      onEmpty();
    };
  }

  function giveBackShare(share: string): void {
    if (heldBy(share) > 1) held.set(share, heldBy(share) - 1);
    else held.delete(share);
  }

  return {
    enter,
    async run(task, owners = []) {
      const leave = await enter({ owners });
      try {
        return await task();
      } finally {
        leave();
      }
    },
    async close() {
      closed = true;
      for (const waiter of [...waiters]) waiter.refuse(shuttingDown());
      if (running > 0) await new Promise<void>((resolve) => (onEmpty = resolve));
    },
    tally,
    get running() {
      return running;
    },
    get waiting() {
      return waiters.length;
    },
  };
}
