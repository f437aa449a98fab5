import { AppError } from '../errors.ts';
import type { Count, Counter, Taken } from './counter.ts';
import { RULES, type RuleName } from './rules.ts';

export { addressKey } from './address.ts';
export { createGuardedCounter } from './fallback.ts';
export { createLotCounter } from './prefetch.ts';
export { createMemoryCounter } from './memory.ts';
export { createRedisCounter, createUpstashCounter } from './redis.ts';
export type { Count, Counter } from './counter.ts';
export { counts, RULE_NAMES, RULES, STREAMS_AT_ONCE, type Cost, type RuleName } from './rules.ts';
export { limitTable, productLimitTable } from './table.ts';

/** One count to make: under which rule, and by whom or what. */
export type Counted = readonly [rule: RuleName, key: string];

export interface RateLimits {
  /**
   * Counts a call under one rule after the other, up to the first that is used up: whoever may not call takes nothing of
   * what they share with others, so name what is theirs alone first.
   * @param note hears each count that is the caller's alone, for the answer's headers
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
      for (const one of counted) {
        const [name, key] = one;
        const count = await counter.count(ruleOf(name), key);
        taken.set(one, count);
        if (!RULES[name].shared) note(count);
        if (!count.allowed) throw tooMany(count);
      }
    },
    async giveBack(counted) {
      const count = taken.get(counted);
      if (!count?.allowed) return;
      taken.delete(counted);
      await count.giveBack();
      // Whoever noted it tells what is left now.
      count.remaining += 1;
    },
  };
}

function tooMany({ resetAt }: Count): AppError {
  const retryAfter = Math.max(1, Math.ceil((resetAt - Date.now()) / 1000));
  return new AppError('RATE_LIMITED', `Too many requests. Retry in ${retryAfter} s.`, { retryAfter });
}
