import {
  createFallbackCounter,
  createMemoryCounter,
  createRateLimits,
  createRedisCounter,
  createUpstashCounter,
  type Counter,
  type RateLimits,
} from '../../core/rate-limit/index.ts';
import type { Log } from '../../core/log/log.ts';

export interface Limiter {
  rateLimits: RateLimits;
  /** Whether this process counts by itself, because the counter at `RATE_LIMIT_URL` does not answer. */
  readonly away: boolean;
  /** How often this process began to count by itself. */
  readonly fallbacks: number;
  close(): Promise<void>;
}

/** Creates the rate limits. They are counted at `options.url`, and in this process while that counter does not answer. */
export function createLimiter(options: { url: string; token: string | undefined; factor: number; log: Log }): Limiter {
  const { url, token, factor, log } = options;
  if (url.startsWith('memory:')) {
    const rateLimits = createRateLimits({ counter: createMemoryCounter(), factor });
    return { rateLimits, away: false, fallbacks: 0, close: () => Promise.resolve() };
  }
  const redis = url.startsWith('https:') ? undefined : createRedisCounter(url);
  const shared: Counter = redis ?? createUpstashCounter(url, token ?? '');
  let fallbacks = 0;
  const counter = createFallbackCounter(shared, {
    onChange(away, cause) {
      if (away) fallbacks += 1;
      if (away)
        log.error({ err: cause }, 'rate limits are counted in this process because RATE_LIMIT_URL does not answer');
      else log.info('rate limits are counted at RATE_LIMIT_URL again');
    },
  });
  return {
    rateLimits: createRateLimits({ counter, factor }),
    get away() {
      return counter.away;
    },
    get fallbacks() {
      return fallbacks;
    },
    close: () => Promise.resolve(redis?.close()),
  };
}
