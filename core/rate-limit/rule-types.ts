import type { Reason } from '../errors.ts';
import type { Window } from './counter.ts';

/** What the key of a limit identifies. */
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

/** What is counted, by which key, and in which procedures (`noun.verb`). The docs print `what` and `by` unchanged. */
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

/** Work that costs more than a query: Argon2, zxcvbn, a mail, or a tenant's schema. */
export type Cost = 'hash' | 'score' | 'mail' | 'provision';

/** A limit over time. */
export interface RateRule {
  limit: Window;
  counts: Counts;
  refund: Refund;
  /** The costs that it limits, per caller (`source`: an address or user) or per target (an account, a link, …). */
  bounds?: { costs: readonly Cost[]; per: 'source' | 'target' };
  /** Calls of other people count under the same key. No header shows what is left, since it would reveal their calls. */
  shared?: true;
}

/** A limit of how many streams may be open at once, on each server. */
export interface ConcurrencyRule {
  /** `retryAfter`: after how many seconds a refused caller may retry. */
  limit: { atOnce: number; retryAfter: number };
  counts: Counts;
  refund: 'when it ends';
}
