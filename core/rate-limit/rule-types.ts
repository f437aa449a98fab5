import type { Reason } from '../errors.ts';
import type { Window } from './counter.ts';

/** Whom or what a limit is for. The counter's key names it. */
type Holder =
  | 'address'
  | 'user'
  | 'user or link'
  | 'user or API key'
  | 'user, API key, or address'
  | 'account'
  | 'account and address'
  | 'link'
  | 'recipient'
  | 'session'
  | 'tenant';

/** What is counted, by what key, and in which procedures (`noun.verb`). The docs print `what` and `by` as they are. */
interface Counts {
  what: string;
  by: Holder;
  of: readonly string[] | 'all';
}

/**
 * When a call gets its token back. It is decided when the call has ended.
 * - `never`: every call counts.
 * - `on error`: only a call that succeeds counts.
 * - `on`: a call that is refused for one of these reasons does not count; 503 stands for all reasons of that status.
 * - `unless`: only a call that is refused for one of these reasons counts.
 */
export type Refund = 'never' | 'on error' | { on: readonly (Reason | 503)[] } | { unless: readonly Reason[] };

/** What makes a call cost more than a query: Argon2, zxcvbn, a mail, or a tenant's schema. */
export type Cost = 'hash' | 'score' | 'mail' | 'provision';

/** A limit over time. */
export interface RateRule {
  limit: Window;
  counts: Counts;
  refund: Refund;
  /** Costs that it limits: by who asks (`source`: an address or user), or by whom it is for (`target`: an account, link …). */
  bounds?: { costs: readonly Cost[]; per: 'source' | 'target' };
  /** Other people's calls count under the same key. No header tells what is left, since that would tell what they do. */
  shared?: true;
}

/** A limit of what is open at once, on each server. */
export interface ConcurrencyRule {
  /** `retryAfter`: what a refused caller is told to wait, in seconds. */
  limit: { atOnce: number; retryAfter: number };
  counts: Counts;
  refund: 'when it ends';
}
