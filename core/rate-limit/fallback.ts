import { within } from '../timeout.ts';
import type { Counter, Taken } from './counter.ts';
import { createMemoryCounter } from './memory.ts';

/** How long to wait for an answer of the shared counter. */
const TIMEOUT_MS = 100;
/** How long to wait before the next try after the shared counter failed. */
const RETRY_MS = 1_000;

export interface FallbackCounter extends Counter {
  /** Whether the shared counter is away, so that calls are counted in this process. */
  readonly away: boolean;
}

/**
 * Counts in the shared counter and, while that fails or is slow, in this process. So every call is counted. While the
 * shared counter is away, one call a second tries it again.
 * @param options.onChange called when this process takes over (`away`, with the cause), and when the shared counter is back
 */
export function createFallbackCounter(
  shared: Counter,
  options: { onChange: (away: boolean, cause?: unknown) => void; now?: () => number },
): FallbackCounter {
  const { now = Date.now } = options;
  const local = createMemoryCounter({ now });
  let away = false;
  let retryAt = 0;

  function setAway(value: boolean, cause?: unknown): void {
    if (value) retryAt = now() + RETRY_MS;
    if (away === value) return;
    away = value;
    options.onChange(value, cause);
  }

  /** Undoes a count of the shared counter, and only there: in this process it would lower the count of other calls. */
  async function refund(taken: Taken): Promise<void> {
    if (away) return;
    await withTimeout(taken.refund()).catch((error: unknown) => setAway(true, error));
  }

  return {
    get away() {
      return away;
    },
    async count(window, key) {
      if (away && now() < retryAt) return await local.count(window, key);
      // Other calls don't wait for the outcome of this one.
      retryAt = now() + RETRY_MS;
      try {
        const taken = await withTimeout(shared.count(window, key));
        setAway(false);
        return { ...taken, refund: () => refund(taken) };
      } catch (error) {
        setAway(true, error);
        return await local.count(window, key);
      }
    },
  };
}

function withTimeout<T>(answer: Promise<T>): Promise<T> {
  return within(TIMEOUT_MS, noCount, answer);
}

function noCount(): never {
  throw new Error(`No count within ${TIMEOUT_MS} ms`);
}
