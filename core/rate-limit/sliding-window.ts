import { createHash } from 'node:crypto';
import { Ratelimit } from '@upstash/ratelimit';
import type { Redis } from '@upstash/redis';
import type { Counter, NamedWindow } from './counter.ts';
import { createPrefetchCounter } from './prefetch.ts';

/** Counts by the sliding window of `@upstash/ratelimit`, in the Redis of this client. */
export function createSlidingWindowCounter(redis: Redis): Counter {
  const limiters = new Map<string, Ratelimit>();

  function limiterOf({ name, tokens, seconds }: NamedWindow): Ratelimit {
    const known = limiters.get(name);
    if (known) return known;
    const limiter = new Ratelimit({
      redis,
      limiter: Ratelimit.slidingWindow(tokens, `${seconds} s`),
      prefix: `atrium:${name}`,
      // The library's timeout lets calls through. The fallback counter has its own timeout.
      timeout: 0,
      // The library's cache of refused keys is never cleared.
      ephemeralCache: false,
      analytics: false,
    });
    limiters.set(name, limiter);
    return limiter;
  }

  return createPrefetchCounter(async (window, key, tokens) => {
    const limiter = limiterOf(window);
    const id = hashed(key);
    const { success, limit, remaining, reset } = await limiter.limit(id, { rate: tokens });
    return {
      allowed: success,
      limit,
      remaining,
      resetAt: reset,
      refund: async () => {
        // The library returns tokens for a negative rate. It returns them to the current window.
        if (success && Date.now() < reset) await limiter.limit(id, { rate: -tokens });
      },
    };
  });
}

/** Keys contain IP and e-mail addresses, so only their hash is stored. */
function hashed(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 22);
}
