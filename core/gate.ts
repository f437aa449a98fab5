import { AppError } from './errors.ts';

/**
 * At most `width` tasks at once, at most `queue` more waiting. Owners take turns: whoever brings many tasks waits behind
 * those who bring few, and where the queue is full it is one of theirs that is told to come back.
 */
export interface Gate {
  /**
   * @param owners by whom a task counts, as an address and an account; without one, tasks run in the order of asking
   * @throws AppError `OVERLOADED` when the queue is full and no owner in it has more than these
   */
  run<T>(task: () => Promise<T>, owners?: readonly string[]): Promise<T>;
  readonly running: number;
  readonly waiting: number;
}

interface Waiter {
  turn: number;
  owners: readonly string[];
  admit(): void;
  refuse(error: AppError): void;
}

export function createGate(options: { width: number; queue: number; name: string }): Gate {
  const { width, queue, name } = options;
  const turns = createTurnsOf();
  const waiters: Waiter[] = [];
  let running = 0;

  async function enter(owners: readonly string[]): Promise<void> {
    const turn = turns.next(owners);
    if (running < width) {
      running += 1;
      turns.take(owners, turn);
      turns.reach(turn);
      return;
    }
    if (waiters.length >= queue) makeRoom(turn);
    turns.take(owners, turn);
    // The one who leaves hands over the place, so `running` is not touched on this path.
    await new Promise<void>((admit, refuse) => {
      const after = waiters.findIndex((waiter) => waiter.turn > turn);
      waiters.splice(after === -1 ? waiters.length : after, 0, { turn, owners, admit, refuse });
    });
  }

  /** Refuses the last one in the queue, if its turn comes after this one. @throws AppError `OVERLOADED` if it does not */
  function makeRoom(turn: number): void {
    const last = waiters.at(-1);
    const overloaded = new AppError('OVERLOADED', `Too many ${name} at once: try again shortly.`, { retryAfter: 1 });
    if (!last || last.turn <= turn) throw overloaded;
    waiters.pop();
    turns.giveBack(last.owners, last.turn);
    last.refuse(overloaded);
  }

  function leave(): void {
    const next = waiters.shift();
    if (next) {
      turns.reach(next.turn);
      next.admit();
      return;
    }
    running -= 1;
    if (running === 0) turns.clear();
  }

  return {
    async run(task, owners = []) {
      await enter(owners);
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

/**
 * Numbers the turns of owners: each owner has one task in a turn, and the turns are served in order (start-time fair queueing,
 * Goyal et al. 1996, with tasks of one size).
 */
function createTurnsOf() {
  const lastOf = new Map<string, number>();
  let now = 0;
  return {
    /** The first turn in which none of these owners has a task. */
    next: (owners: readonly string[]): number => Math.max(now, ...owners.map((owner) => lastOf.get(owner) ?? 0)) + 1,
    take(owners: readonly string[], turn: number): void {
      for (const owner of owners) lastOf.set(owner, turn);
    },
    giveBack(owners: readonly string[], turn: number): void {
      for (const owner of owners) if (lastOf.get(owner) === turn) lastOf.set(owner, turn - 1);
    },
    /** The turn that is served now. Owners whose turns are over are forgotten: they begin at this one anyway. */
    reach(turn: number): void {
      if (turn <= now) return;
      now = turn;
      for (const [owner, last] of lastOf) if (last <= now) lastOf.delete(owner);
    },
    clear(): void {
      lastOf.clear();
      now = 0;
    },
  };
}
