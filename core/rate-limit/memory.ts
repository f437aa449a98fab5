import { LRUCache } from 'lru-cache';
import type { Counter } from './counter.ts';

/**
 * Keys of one rule kept at most. Beyond that the ones unused for longest are forgotten, which lets their callers start
 * anew: under this rule alone, so that whoever has many addresses makes no account's failures forgotten.
 */
const KEYS = 100_000;

interface Windows {
  /** The number of the current window since the epoch. */
  window: number;
  current: number;
  previous: number;
}

/**
 * Counts in this process, as `@upstash/ratelimit` does in Redis.
 * @param options.now in ms since the epoch
 */
export function createMemoryCounter(options: { now?: () => number; keys?: number } = {}): Counter {
  const { now = Date.now, keys = KEYS } = options;
  const keptOf = new Map<string, LRUCache<string, Windows>>();

  return {
    count(rule, key) {
      const size = rule.seconds * 1000;
      const time = now();
      const window = Math.floor(time / size);
      const kept = keptOf.get(rule.name) ?? new LRUCache<string, Windows>({ max: keys });
      keptOf.set(rule.name, kept);
      const windows = turnTo(window, kept.get(key));
      const weighed = Math.floor((1 - (time % size) / size) * windows.previous);
      const allowed = weighed + windows.current < rule.tokens;
      if (allowed) windows.current += 1;
      kept.set(key, windows);
      return Promise.resolve({
        allowed,
        limit: rule.tokens,
        remaining: Math.max(0, rule.tokens - weighed - windows.current),
        resetAt: (window + 1) * size,
        giveBack: async () => {
          const later = kept.get(key);
          if (allowed && later?.window === window && Math.floor(now() / size) === window) later.current -= 1;
        },
      });
    },
  };
}

/** The counts of a window and of the one before it, out of those that were kept. */
function turnTo(window: number, kept: Windows | undefined): Windows {
  if (kept?.window === window) return kept;
  return { window, current: 0, previous: kept?.window === window - 1 ? kept.current : 0 };
}
