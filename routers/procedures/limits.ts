import {
  addressKey,
  isRefunded,
  RULES,
  rulesOf,
  type CallOutcome,
  type Counted,
  type ProcedureRules,
  type RuleName,
  type Token,
} from '../../core/rate-limit/index.ts';
import type { Caller } from '../../db/entering/callers.ts';
import { tenantOfCaller } from '../../db/entering/tenant-of-caller.ts';
import type { Context } from './context.ts';

// Counts calls under the limits of core/rate-limit/rules.ts.

/** The limits that have counted one call. */
export interface Spent {
  procedure: string;
  rules: ProcedureRules;
  counted: Set<RuleName>;
  /** The tokens that may be refunded when the call ends. */
  refundable: Token[];
}

/** The context of a call whose limits are tracked. */
export type CountedCall = Context & { spent: Spent };

export function createSpent(procedure: string): Spent {
  return { procedure, rules: rulesOf(procedure), counted: new Set(), refundable: [] };
}

/**
 * Counts a call under each rule in turn, until one refuses it. Pass the caller's own limits first, so that a caller over
 * its own limit does not use up a shared one.
 * @throws AppError `RATE_LIMITED`
 * @throws Error if a rule does not name the procedure
 */
export async function take(
  { rateLimits, request, spent }: Pick<CountedCall, 'rateLimits' | 'request' | 'spent'>,
  ...counted: Counted[]
): Promise<void> {
  for (const one of counted) {
    const [rule] = one;
    if (!spent.rules.all.has(rule))
      throw new Error(`${rule} does not name ${spent.procedure}: see core/rate-limit/rules.ts`);
    const token = await rateLimits.take(one, (count) => request.counts.push(count));
    spent.counted.add(rule);
    if (RULES[rule].refund !== 'never') spent.refundable.push(token);
  }
}

/**
 * Counts a call under the limits of its procedure whose key is already known: the client's address or the user.
 * @throws AppError `RATE_LIMITED`
 */
export async function takeUpfront(ctx: CountedCall, caller?: Caller): Promise<void> {
  for (const name of ctx.spent.rules.upfront) {
    if (RULES[name].counts.by === 'address') await take(ctx, byAddress(ctx, name));
    // Procedures with a limit per user refuse every other kind of caller.
    else if (caller?.kind === 'session') await take(ctx, byUser(name, caller.userId));
  }
}

/** Refunds the tokens of a call, where the rules refund a call with this outcome. */
export async function refund({ spent }: Pick<CountedCall, 'spent'>, outcome: CallOutcome): Promise<void> {
  const due = spent.refundable.splice(0).filter(({ rule }) => isRefunded(RULES[rule].refund, outcome));
  await Promise.all(due.map((token) => token.refund()));
}

/** The limit of an unauthenticated caller: a rule, by the client's address. */
export function byAddress(ctx: Context, rule: RuleName = 'callsByCaller'): Counted {
  return [rule, `address ${addressKey(ctx.request.ipAddress)}`];
}

export function byUser(rule: RuleName, userId: string): Counted {
  return [rule, `user ${userId}`];
}

/**
 * The general limits of a caller and of their tenant. An unknown API key may be invalid, so it is also counted by the
 * client's address, and first.
 */
export function byCaller(ctx: Context, caller: Caller): Counted[] {
  const tenantId = tenantOfCaller(caller);
  const tenant: Counted[] = tenantId === undefined ? [] : [['callsByTenant', tenantId]];
  switch (caller.kind) {
    case 'session':
      return [byUser('callsByCaller', caller.userId), ...tenant];
    case 'assumedIdentity':
      return [byUser('callsByCaller', caller.operatorId), ...tenant];
    case 'apiKey': {
      const key: Counted = ['callsByCaller', `key ${Buffer.from(caller.keyHash).toString('hex')}`];
      return tenantId === undefined ? [byAddress(ctx), key] : [key, ...tenant];
    }
  }
}
