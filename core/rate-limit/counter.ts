import type { Rule } from './rules.ts';

/** What is left of a limit after a count. */
export interface Count {
  allowed: boolean;
  limit: number;
  remaining: number;
  /** When the window ends, in ms since the epoch. */
  resetAt: number;
}

/** Counts by key within a sliding window: the last one weighs as much as it still overlaps. */
export interface Counter {
  /** @param by −1 takes a count back, and is never refused */
  count(rule: Rule & { name: string }, key: string, by?: 1 | -1): Promise<Count>;
}
