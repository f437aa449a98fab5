import type { Counter, Taken } from './counter.ts';
import { createMemoryCounter } from './memory.ts';

/**
 * How long a count may take, and how long a counter that failed is left alone, in ms. Where a timer comes `late`, this process
 * was busy with other things, and the answer may have come `unread`: that is looked at for a moment.
 */
const WAIT = { answer: 100, rest: 1_000, late: 20, unread: 20 } as const;

/**
 * Counts elsewhere and, while that fails or is slow, in this process: nothing is ever let through uncounted. Looks again
 * once a second, by one call.
 * @param options.onChange hears when this process takes over, and when it gives back
 */
export function createGuardedCounter(
  elsewhere: Counter,
  options: { onChange: (away: boolean, cause?: unknown) => void; now?: () => number },
): Counter & { readonly away: boolean } {
  const { now = Date.now } = options;
  const here = createMemoryCounter({ now });
  let away = false;
  let lookAgainAt = 0;

  function turn(to: boolean, cause?: unknown): void {
    if (to) lookAgainAt = now() + WAIT.rest;
    if (away === to) return;
    away = to;
    options.onChange(to, cause);
  }

  /** What was counted elsewhere goes back there, or stays counted: here it would be taken from another count. */
  async function giveBack(taken: Taken): Promise<void> {
    if (away) return;
    await withinTime(taken.giveBack()).catch((error: unknown) => turn(true, error));
  }

  return {
    get away() {
      return away;
    },
    async count(rule, key) {
      if (away && now() < lookAgainAt) return await here.count(rule, key);
      // Others don't wait for what this call finds out.
      lookAgainAt = now() + WAIT.rest;
      try {
        const taken = await withinTime(elsewhere.count(rule, key));
        turn(false);
        return { ...taken, giveBack: () => giveBack(taken) };
      } catch (error) {
        turn(true, error);
        return await here.count(rule, key);
      }
    },
  };
}

/** What comes too late is of no use to anyone, its failure neither. */
function withinTime<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const due = performance.now() + WAIT.answer;
    const giveUp = (): void => reject(new Error(`No count within ${WAIT.answer} ms`));
    let timer = setTimeout(() => {
      if (performance.now() < due + WAIT.late) giveUp();
      else timer = setTimeout(giveUp, WAIT.unread);
    }, WAIT.answer);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
