import type { NoneOf } from '../none-of.ts';
import { PRODUCT_RULES } from './product/rules.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

export interface Rule {
  /** How often within `seconds`, a sliding window. */
  tokens: number;
  seconds: number;
}

/** What makes a call cost more than a query: Argon2, zxcvbn, a mail, or a tenant's schema. */
export type Cost = 'hash' | 'score' | 'mail' | 'provision';

export interface LimitRule extends Rule {
  /** What is counted, in the words of the docs. */
  what: string;
  /** What the counter's key names, in the words of the docs. */
  by:
    | 'address'
    | 'user'
    | 'user or link'
    | 'account'
    | 'account and address'
    | 'link'
    | 'recipient'
    | 'session'
    | 'tenant'
    | 'user, API key, or address';
  /**
   * Which calls stay counted. `calls`: all, but those whose input was refused and those that were told to come back (503).
   * `guesses`: the latter too, since a password may have been looked at. `successes`: what was refused did nothing, so it
   * is given back. `failures`: only what failed.
   */
  counts: 'calls' | 'guesses' | 'successes' | 'failures';
  /** The procedures that it counts. */
  of: readonly `${string}.${string}`[] | 'all';
  /** Costs that it bounds, by who asks (the address or user) or by whom it is for (the account, link, recipient or tenant). */
  bounds?: { costs: readonly Cost[]; per: 'source' | 'target' };
  /** Others count here too: what is left would tell about them, so no header says it. */
  shared?: true;
}

/** Procedures that set a password of someone who has proven who they are. */
const SET_PASSWORD = ['auth.changePassword', 'auth.resetPassword', 'invites.accept'] as const;
const INVITE = ['invites.create', 'invites.resend'] as const;
const ASK_FOR_MAIL = ['auth.register', 'auth.resendVerification', 'auth.requestPasswordReset'] as const;

const atriumRules = {
  registersByAddress: {
    ...{ tokens: 3, seconds: HOUR, what: 'sign-ups', by: 'address', counts: 'calls', of: ['auth.register'] },
    bounds: { costs: ['hash', 'score', 'provision'], per: 'source' },
  },
  weakPasswordsByAddress: {
    ...{ tokens: 30, seconds: HOUR, what: 'new passwords that are too weak', by: 'address', counts: 'failures' },
    of: ['auth.register', ...SET_PASSWORD],
    bounds: { costs: ['score'], per: 'source' },
  },
  weakPasswordsByHolder: {
    ...{ tokens: 30, seconds: HOUR, what: 'new passwords that are too weak', by: 'user or link', counts: 'failures' },
    of: SET_PASSWORD,
    bounds: { costs: ['score'], per: 'target' },
  },
  passwordsByAddress: {
    ...{ tokens: 20, seconds: MINUTE, what: 'passwords set or proven', by: 'address', counts: 'guesses' },
    of: [...SET_PASSWORD, 'auth.verifyEmail'],
    bounds: { costs: ['hash'], per: 'source' },
  },
  passwordsByHolder: {
    ...{ tokens: 5, seconds: MINUTE, what: 'passwords set', by: 'user or link', counts: 'guesses', of: SET_PASSWORD },
    bounds: { costs: ['hash'], per: 'target' },
  },
  loginsByAddress: {
    ...{ tokens: 20, seconds: MINUTE, what: 'logins', by: 'address', counts: 'guesses', of: ['auth.login'] },
    bounds: { costs: ['hash'], per: 'source' },
  },
  loginsByAccountAndAddress: {
    ...{ tokens: 5, seconds: MINUTE, what: 'logins', by: 'account and address', counts: 'guesses', of: ['auth.login'] },
  },
  loginFailuresByAccount: {
    ...{ tokens: 100, seconds: HOUR, what: 'wrong passwords', by: 'account', counts: 'failures' },
    of: ['auth.login', 'auth.changePassword'],
    bounds: { costs: ['hash'], per: 'target' },
    shared: true,
  },
  verifyFailuresByToken: {
    ...{ tokens: 5, seconds: HOUR, what: 'wrong passwords', by: 'link', counts: 'failures', of: ['auth.verifyEmail'] },
    bounds: { costs: ['hash'], per: 'target' },
  },
  refreshesBySession: {
    ...{ tokens: 10, seconds: MINUTE, what: 'refresh tokens used', by: 'session', counts: 'calls' },
    of: ['auth.refresh', 'auth.switchTenant'],
  },
  mailsByAddress: {
    ...{ tokens: 20, seconds: HOUR, what: 'mails asked for', by: 'address', counts: 'calls', of: ASK_FOR_MAIL },
    bounds: { costs: ['mail'], per: 'source' },
  },
  mailsByRecipient: {
    ...{ tokens: 3, seconds: HOUR, what: 'mails asked for', by: 'recipient', counts: 'calls' },
    of: [...ASK_FOR_MAIL, ...INVITE],
    // A sign-up has no account yet: all that it costs is for the address that it names.
    bounds: { costs: ['mail', 'hash', 'score', 'provision'], per: 'target' },
    shared: true,
  },
  invitesByUser: {
    ...{ tokens: 50, seconds: HOUR, what: 'invites sent', by: 'user', counts: 'successes', of: INVITE },
    bounds: { costs: ['mail'], per: 'source' },
  },
  acceptFailuresByAddress: {
    ...{ tokens: 5, seconds: HOUR, what: 'invites that could not be accepted', by: 'address', counts: 'failures' },
    of: ['invites.accept'],
  },
  tenantsByUser: {
    ...{ tokens: 5, seconds: HOUR, what: 'new tenants', by: 'user', counts: 'successes', of: ['tenants.create'] },
    bounds: { costs: ['provision'], per: 'target' },
  },
  tenantsByAddress: {
    ...{ tokens: 20, seconds: HOUR, what: 'new tenants', by: 'address', counts: 'successes', of: ['tenants.create'] },
    bounds: { costs: ['provision'], per: 'source' },
  },
  retriesByUser: {
    ...{ tokens: 100, seconds: HOUR, what: 'tenants provisioned again', by: 'user', counts: 'successes' },
    of: ['admin.retryProvisioning'],
    bounds: { costs: ['provision'], per: 'source' },
  },
  retriesByTenant: {
    ...{ tokens: 10, seconds: HOUR, what: 'times provisioned again', by: 'tenant', counts: 'successes' },
    of: ['admin.retryProvisioning'],
    bounds: { costs: ['provision'], per: 'target' },
    shared: true,
  },
  callsByCaller: {
    ...{ tokens: 300, seconds: MINUTE, what: 'calls', by: 'user, API key, or address', counts: 'calls', of: 'all' },
  },
  callsByTenant: {
    ...{ tokens: 3_000, seconds: MINUTE, what: 'calls', by: 'tenant', counts: 'calls', of: 'all', shared: true },
  },
} as const satisfies Record<string, LimitRule>;

const rules = { ...atriumRules, ...(PRODUCT_RULES satisfies NoneOf<typeof atriumRules>) };

export type RuleName = keyof typeof rules;

/** Every limit: its numbers, what it counts and by what. The docs' tables are made from it. */
export const RULES: Readonly<Record<RuleName, LimitRule>> = rules;

/** The names of all limits, in the order of the tables: Atrium's, then the product's. */
export const RULE_NAMES = Object.keys(rules).filter((name): name is RuleName => name in rules);

/** Streams that one user, or one API key, may have open at once on one server. */
export const STREAMS_AT_ONCE = 5;

/** Whether a limit counts the calls of a procedure. */
export function counts(name: RuleName, procedure: string): boolean {
  const { of } = RULES[name];
  return of === 'all' || of.some((path) => path === procedure);
}
