import { AppError } from '../errors.ts';
import type { Count, Counter } from './counter.ts';
import { RULES, type RuleName } from './rules.ts';

/** A rule and the key that a call is counted by, such as an address or an account. */
export type Counted = readonly [rule: RuleName, key: string];

/** A token that a call has taken. */
export interface Token {
  readonly rule: RuleName;
  /** Gives the token back. Does nothing after the end of its window. */
  refund(): Promise<void>;
}

export interface RateLimits {
  /**
   * Counts a call under one rule.
   * @param note gets each count that is not shared with other callers, for the headers of the response
   * @throws AppError `RATE_LIMITED` if the limit is reached
   */
  take(counted: Counted, note: (count: Count) => void): Promise<Token>;
}

/** @param options.factor multiplies every limit: 1, except in load tests */
export function createRateLimits({ counter, factor }: { counter: Counter; factor: number }): RateLimits {
  return {
    async take([rule, key], note) {
      const { limit, shared = false } = RULES[rule];
      const count = await counter.count({ name: rule, tokens: limit.tokens * factor, seconds: limit.seconds }, key);
      if (!shared) note(count);
      if (!count.allowed) throw tooMany(count);
      return {
        rule,
        async refund() {
          await count.refund();
          // The headers show what is left when the call has ended.
          count.remaining += 1;
        },
      };
    },
  };
}

function tooMany({ resetAt }: Count): AppError {
  const retryAfter = Math.max(1, Math.ceil((resetAt - Date.now()) / 1000));
  return new AppError('RATE_LIMITED', `Too many requests. Retry in ${retryAfter} s.`, { retryAfter });
}
