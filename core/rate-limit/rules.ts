import type { NoneOf } from '../none-of.ts';
import { PRODUCT_RULES } from './product/rules.ts';
import type { ConcurrencyRule, RateRule, Refund } from './rule-types.ts';

// Every limit: how many, by which key, in which procedures, and when a call is refunded. The docs' table is made from it.

const perMinute = (tokens: number) => ({ tokens, seconds: 60 });
const perHour = (tokens: number) => ({ tokens, seconds: 3600 });

/** Procedures that set a password after the caller has proven who they are. */
const SET_PASSWORD = ['auth.changePassword', 'auth.resetPassword', 'invites.accept'] as const;
const SEND_INVITE = ['invites.create', 'invites.resend'] as const;
const ASK_FOR_MAIL = ['auth.register', 'auth.resendVerification', 'auth.requestPasswordReset'] as const;

/** The input was refused before anything was done. */
const INPUT_REFUSED = { on: ['VALIDATION_FAILED', 'PASSWORD_TOO_WEAK'] } as const satisfies Refund;
/** Also refunds calls that the server asked to retry. Not for passwords, since one may have been checked before that. */
const INPUT_REFUSED_OR_BUSY = { on: [...INPUT_REFUSED.on, 503] } as const satisfies Refund;
const UNLESS_TOO_WEAK = { unless: ['PASSWORD_TOO_WEAK'] } as const satisfies Refund;

const atriumRules = {
  registersByAddress: {
    limit: perHour(3),
    counts: { what: 'sign-ups', by: 'address', of: ['auth.register'] },
    refund: INPUT_REFUSED_OR_BUSY,
    bounds: { costs: ['hash', 'score', 'provision'], per: 'source' },
  },
  weakPasswordsByAddress: {
    limit: perHour(30),
    counts: { what: 'new passwords that are too weak', by: 'address', of: ['auth.register', ...SET_PASSWORD] },
    refund: UNLESS_TOO_WEAK,
    bounds: { costs: ['score'], per: 'source' },
  },
  weakPasswordsByHolder: {
    limit: perHour(30),
    counts: { what: 'new passwords that are too weak', by: 'user or link', of: SET_PASSWORD },
    refund: UNLESS_TOO_WEAK,
    bounds: { costs: ['score'], per: 'target' },
  },
  passwordsByAddress: {
    limit: perMinute(20),
    counts: { what: 'passwords set or proven', by: 'address', of: [...SET_PASSWORD, 'auth.verifyEmail'] },
    refund: INPUT_REFUSED,
    bounds: { costs: ['hash'], per: 'source' },
  },
  passwordsByHolder: {
    limit: perMinute(5),
    counts: { what: 'passwords set', by: 'user or link', of: SET_PASSWORD },
    refund: INPUT_REFUSED,
    bounds: { costs: ['hash'], per: 'target' },
  },
  loginsByAddress: {
    limit: perMinute(20),
    counts: { what: 'logins', by: 'address', of: ['auth.login'] },
    refund: INPUT_REFUSED,
    bounds: { costs: ['hash'], per: 'source' },
  },
  loginsByAccountAndAddress: {
    limit: perMinute(5),
    counts: { what: 'logins', by: 'account and address', of: ['auth.login'] },
    refund: 'never',
  },
  loginFailuresByAccount: {
    limit: perHour(100),
    counts: { what: 'wrong passwords', by: 'account', of: ['auth.login', 'auth.changePassword'] },
    refund: { unless: ['INVALID_CREDENTIALS', 'EMAIL_NOT_VERIFIED'] },
    bounds: { costs: ['hash'], per: 'target' },
    shared: true,
  },
  verifyFailuresByToken: {
    limit: perHour(5),
    counts: { what: 'wrong passwords', by: 'link', of: ['auth.verifyEmail'] },
    refund: { unless: ['INVALID_CREDENTIALS'] },
    bounds: { costs: ['hash'], per: 'target' },
  },
  refreshesBySession: {
    limit: perMinute(10),
    counts: { what: 'refresh tokens used', by: 'session', of: ['auth.refresh', 'auth.switchTenant'] },
    refund: 'never',
  },
  mailsByAddress: {
    limit: perHour(20),
    counts: { what: 'mails asked for', by: 'address', of: ASK_FOR_MAIL },
    refund: INPUT_REFUSED_OR_BUSY,
    bounds: { costs: ['mail'], per: 'source' },
  },
  mailsByRecipient: {
    limit: perHour(3),
    counts: { what: 'mails asked for', by: 'recipient', of: [...ASK_FOR_MAIL, ...SEND_INVITE] },
    refund: INPUT_REFUSED_OR_BUSY,
    // A sign-up has no account yet, so all its costs are limited per recipient.
    bounds: { costs: ['mail', 'hash', 'score', 'provision'], per: 'target' },
    shared: true,
  },
  invitesByUser: {
    limit: perHour(50),
    counts: { what: 'invites sent', by: 'user', of: SEND_INVITE },
    refund: 'on error',
    bounds: { costs: ['mail'], per: 'source' },
  },
  acceptFailuresByAddress: {
    limit: perHour(5),
    counts: { what: 'invites that could not be accepted', by: 'address', of: ['invites.accept'] },
    refund: { unless: ['TOKEN_INVALID', 'FORBIDDEN'] },
  },
  tenantsByUser: {
    limit: perHour(5),
    counts: { what: 'new tenants', by: 'user', of: ['tenants.create'] },
    refund: 'on error',
    bounds: { costs: ['provision'], per: 'target' },
  },
  tenantsByAddress: {
    limit: perHour(20),
    counts: { what: 'new tenants', by: 'address', of: ['tenants.create'] },
    refund: 'on error',
    bounds: { costs: ['provision'], per: 'source' },
  },
  retriesByUser: {
    limit: perHour(100),
    counts: { what: 'tenants provisioned again', by: 'user', of: ['admin.retryProvisioning'] },
    refund: 'on error',
    bounds: { costs: ['provision'], per: 'source' },
  },
  retriesByTenant: {
    limit: perHour(10),
    counts: { what: 'times provisioned again', by: 'tenant', of: ['admin.retryProvisioning'] },
    refund: 'on error',
    bounds: { costs: ['provision'], per: 'target' },
    shared: true,
  },
  callsByCaller: {
    limit: perMinute(300),
    counts: { what: 'calls', by: 'user, API key, or address', of: 'all' },
    refund: 'never',
  },
  callsByTenant: {
    limit: perMinute(3_000),
    counts: { what: 'calls', by: 'tenant', of: 'all' },
    refund: 'never',
    shared: true,
  },
} as const satisfies Record<string, RateRule>;

const rateRules = { ...atriumRules, ...(PRODUCT_RULES satisfies NoneOf<typeof atriumRules>) };

const concurrencyRules = {
  streamsByCaller: {
    limit: { atOnce: 5, retryAfter: 5 },
    counts: { what: 'streams', by: 'user or API key', of: ['tenants.onStatus', 'audit.export', 'audit.verify'] },
    refund: 'when it ends',
  },
} as const satisfies Record<string, ConcurrencyRule>;

export type RuleName = keyof typeof rateRules;
export type ConcurrencyRuleName = keyof typeof concurrencyRules;

export const RULES: Readonly<Record<RuleName, RateRule>> = rateRules;
export const CONCURRENCY_RULES: Readonly<Record<ConcurrencyRuleName, ConcurrencyRule>> = concurrencyRules;

/** The names of all limits over time: Atrium's, then the product's. */
export const RULE_NAMES = Object.keys(rateRules).filter((name): name is RuleName => name in rateRules);
