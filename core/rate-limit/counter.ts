import type { Rule } from './rules.ts';

/** What is left of a limit after a count. */
export interface Count {
  allowed: boolean;
  limit: number;
  remaining: number;
  /** When the window ends, in ms since the epoch. */
  resetAt: number;
}

/** A count as it was made. */
export interface Taken extends Count {
  /** Takes it back, where it was made. Does nothing once its window is over: it would be taken from the next one. */
  giveBack(): Promise<void>;
}

/** Counts by key within a sliding window: the last one weighs as much as it still overlaps. */
export interface Counter {
  count(rule: Rule & { name: string }, key: string): Promise<Taken>;
}
