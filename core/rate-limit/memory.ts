import { LRUCache } from 'lru-cache';
import type { Counter } from './counter.ts';

/** Keys kept at most. Beyond that the ones unused for longest are forgotten, which lets their callers start anew. */
const KEYS = 100_000;

interface Windows {
  /** The number of the current window since the epoch. */
  window: number;
  current: number;
  previous: number;
}

/** Counts in this process, as `@upstash/ratelimit` does in Redis. @param now in ms since the epoch */
export function createMemoryCounter(now: () => number = Date.now): Counter {
  const kept = new LRUCache<string, Windows>({ max: KEYS });

  return {
    count(rule, key, by = 1) {
      const size = rule.seconds * 1000;
      const time = now();
      const window = Math.floor(time / size);
      const id = `${rule.name}:${key}`;
      const before = kept.get(id);
      const windows = {
        window,
        current: before?.window === window ? before.current : 0,
        previous: previousOf(before, window),
      };
      const weighed = Math.floor((1 - (time % size) / size) * windows.previous);
      const allowed = by < 0 || weighed + windows.current < rule.tokens;
      if (allowed) windows.current += by;
      kept.set(id, windows);
      return Promise.resolve({
        allowed,
        limit: rule.tokens,
        remaining: Math.max(0, allowed ? rule.tokens - weighed - windows.current : 0),
        resetAt: (window + 1) * size,
      });
    },
  };
}

function previousOf(before: Windows | undefined, window: number): number {
  if (before?.window === window) return before.previous;
  return before?.window === window - 1 ? before.current : 0;
}
