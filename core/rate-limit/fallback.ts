import { within } from '../within.ts';
import type { Counter, Taken } from './counter.ts';
import { createMemoryCounter } from './memory.ts';

/** How long a count may take, and how long a counter that failed is left alone, in ms. */
const WAIT = { answer: 100, rest: 1_000 } as const;

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
    await inTime(taken.giveBack()).catch((error: unknown) => turn(true, error));
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
        const taken = await inTime(elsewhere.count(rule, key));
        turn(false);
        return { ...taken, giveBack: () => giveBack(taken) };
      } catch (error) {
        turn(true, error);
        return await here.count(rule, key);
      }
    },
  };
}

/** The answer of the counter elsewhere. What comes too late is of no use to anyone, its failure neither. */
function inTime<T>(answer: Promise<T>): Promise<T> {
  return within(WAIT.answer, noCount, answer);
}

function noCount(): never {
  throw new Error(`No count within ${WAIT.answer} ms`);
}
