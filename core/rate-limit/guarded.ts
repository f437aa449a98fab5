import type { Counter } from './counter.ts';
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
  const now = options.now ?? Date.now;
  const here = createMemoryCounter(now);
  let away = false;
  let lookAgainAt = 0;

  function turn(to: boolean, cause?: unknown): void {
    if (away === to) return;
    away = to;
    options.onChange(to, cause);
  }

  return {
    get away() {
      return away;
    },
    async count(rule, key, by) {
      if (away && now() < lookAgainAt) return await here.count(rule, key, by);
      // Others don't wait for what this call finds out.
      lookAgainAt = now() + WAIT.rest;
      try {
        const count = await withinTime(elsewhere.count(rule, key, by));
        turn(false);
        return count;
      } catch (error) {
        lookAgainAt = now() + WAIT.rest;
        turn(true, error);
        return await here.count(rule, key, by);
      }
    },
  };
}

async function withinTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No count within ${WAIT.answer} ms`)), WAIT.answer);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
    // What comes too late is of no use to anyone, its failure neither.
    answer.catch(() => undefined);
  }
}
