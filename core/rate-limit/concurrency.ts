import { AppError } from '../errors.ts';
import { CONCURRENCY_RULES, type ConcurrencyRuleName } from './rules.ts';

/** Limits how many streams one caller may have open at once in this process. */
export interface ConcurrencyLimit {
  /** @returns a function to call when the stream ends @throws AppError `RATE_LIMITED` */
  open(key: string): () => void;
  /** How many are open, over all keys. */
  readonly total: number;
}

export function createConcurrencyLimit(rule: ConcurrencyRuleName): ConcurrencyLimit {
  const {
    limit: { atOnce, retryAfter },
    counts: { what },
  } = CONCURRENCY_RULES[rule];
  const openByKey = new Map<string, number>();
  let total = 0;
  const add = (key: string, by: 1 | -1): void => {
    const open = (openByKey.get(key) ?? 0) + by;
    if (open > 0) openByKey.set(key, open);
    else openByKey.delete(key);
    total += by;
  };
  return {
    get total() {
      return total;
    },
    open(key) {
      if ((openByKey.get(key) ?? 0) >= atOnce) {
        const message = `You have ${atOnce} open ${what}, which is the limit. Close one and retry.`;
        throw new AppError('RATE_LIMITED', message, { retryAfter });
      }
      add(key, 1);
      return () => add(key, -1);
    },
  };
}
