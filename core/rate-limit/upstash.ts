import { Redis } from '@upstash/redis';
import type { Counter } from './counter.ts';
import { createSlidingWindowCounter } from './sliding-window.ts';

/** Counts in Upstash, over its REST API. */
export function createUpstashCounter(url: string, token: string): Counter {
  return createSlidingWindowCounter(new Redis({ url, token, retry: false, enableTelemetry: false }));
}
