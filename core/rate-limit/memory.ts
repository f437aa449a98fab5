import { LRUCache } from 'lru-cache';
import type { Counter } from './counter.ts';

/**
 * The maximum number of keys of each limit. Beyond it the least recently used key is deleted, and its count starts at 0.
 * Each limit has its own keys, so that calls from many addresses can't delete the counted failures of an account.
 */
const MAX_KEYS = 100_000;

interface Counts {
  /** The number of the current window since the epoch. */
  window: number;
  current: number;
  previous: number;
}

/**
 * Counts in this process, by the algorithm that `@upstash/ratelimit` runs in Redis.
 * @param options.now in ms since the epoch
 */
export function createMemoryCounter(options: { now?: () => number; maxKeys?: number } = {}): Counter {
  const { now = Date.now, maxKeys = MAX_KEYS } = options;
  const countsByName = new Map<string, LRUCache<string, Counts>>();

  return {
    count({ name, tokens, seconds }, key) {
      const size = seconds * 1000;
      const time = now();
      const window = Math.floor(time / size);
      const countsByKey = countsByName.get(name) ?? new LRUCache<string, Counts>({ max: maxKeys });
      countsByName.set(name, countsByKey);
      const counts = countsIn(window, countsByKey.get(key));
      const weighted = Math.floor((1 - (time % size) / size) * counts.previous);
      const allowed = weighted + counts.current < tokens;
      if (allowed) counts.current += 1;
      countsByKey.set(key, counts);
      return Promise.resolve({
        allowed,
        limit: tokens,
        remaining: Math.max(0, tokens - weighted - counts.current),
        resetAt: (window + 1) * size,
        refund: async () => {
          const later = countsByKey.get(key);
          if (allowed && later?.window === window && Math.floor(now() / size) === window) later.current -= 1;
        },
      });
    },
  };
}

/** The counts of a window and of the one before it, from those that were kept. */
function countsIn(window: number, kept: Counts | undefined): Counts {
  if (kept?.window === window) return kept;
  return { window, current: 0, previous: kept?.window === window - 1 ? kept.current : 0 };
}
