import { createHash } from 'node:crypto';
import { AppError } from '../errors.ts';
import type { Count, Counter, Taken } from './counter.ts';
import { RULES, type RuleName } from './rules.ts';

export { addressKey } from './address.ts';
export { createGuardedCounter } from './guarded.ts';
export { createMemoryCounter } from './memory.ts';
export { createRedisCounter, createUpstashCounter } from './redis.ts';
export type { Count, Counter } from './counter.ts';
export type { RuleName } from './rules.ts';

/** One count to make: under which rule, and by whom or what. */
export type Counted = readonly [rule: RuleName, key: string];

export interface RateLimits {
  /**
   * Counts a call under each of the rules.
   * @param note hears each count, for the answer's headers
   * @throws AppError `RATE_LIMITED` if one of them is used up
   */
  take(counted: readonly Counted[], note: (count: Count) => void): Promise<void>;
  /** Takes back what this very `counted` has taken, while its window lasts. */
  giveBack(counted: Counted): Promise<void>;
}

/** @param options.factor multiplies every limit: 1, but for load tests */
export function createRateLimits({ counter, factor }: { counter: Counter; factor: number }): RateLimits {
  const ruleOf = (name: RuleName) => ({ name, tokens: RULES[name].tokens * factor, seconds: RULES[name].seconds });
  const taken = new WeakMap<Counted, Taken>();
  return {
    async take(counted, note) {
      const counts = await Promise.all(
        counted.map(async (one) => {
          const [name, key] = one;
          const count = await counter.count(ruleOf(name), digest(key));
          taken.set(one, count);
          return count;
        }),
      );
      counts.forEach(note);
      const refused = counts.filter(({ allowed }) => !allowed);
      if (refused.length === 0) return;
      const resetAt = Math.max(...refused.map((count) => count.resetAt));
      const retryAfter = Math.max(1, Math.ceil((resetAt - Date.now()) / 1000));
      throw new AppError('RATE_LIMITED', `Too many calls: try again in ${retryAfter} s.`, { retryAfter });
    },
    async giveBack(counted) {
      await taken.get(counted)?.giveBack();
    },
  };
}

/** Whatever is counted by, an address or an e-mail, does not lie about in a Redis. */
function digest(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 22);
}
