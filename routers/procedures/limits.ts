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

// The limits themselves are in core/rate-limit/rules.ts. Here a call is counted under them.

/** What one call was counted under. */
export interface Spent {
  procedure: string;
  rules: ProcedureRules;
  counted: Set<RuleName>;
  /** Tokens that the call may get back when it has ended. */
  refundable: Token[];
}

/** A call that is counted. */
export type CountedCall = Context & { spent: Spent };

export function createSpent(procedure: string): Spent {
  return { procedure, rules: rulesOf(procedure), counted: new Set(), refundable: [] };
}

/**
 * Counts a call under one rule after the other, until one refuses it. Name the caller's own limits first: then a caller who
 * is over them uses up nothing that others share.
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
 * Counts a call under the limits of its procedure whose key is known before the procedure runs: an address or a user.
 * @throws AppError `RATE_LIMITED`
 */
export async function takeUpfront(ctx: CountedCall, caller?: Caller): Promise<void> {
  for (const name of ctx.spent.rules.upfront) {
    if (RULES[name].counts.by === 'address') await take(ctx, byAddress(ctx, name));
    // These procedures refuse every other kind of caller.
    else if (caller?.kind === 'session') await take(ctx, byUser(name, caller.userId));
  }
}

/** Gives back what a call has taken, where the rules say so for a call that ended like this. */
export async function refund({ spent }: Pick<CountedCall, 'spent'>, outcome: CallOutcome): Promise<void> {
  const due = spent.refundable.splice(0).filter(({ rule }) => isRefunded(RULES[rule].refund, outcome));
  await Promise.all(due.map((token) => token.refund()));
}

/** The key of a caller who has not proven who they are. */
export function byAddress(ctx: Context, rule: RuleName = 'callsByCaller'): Counted {
  return [rule, `address ${addressKey(ctx.request.ipAddress)}`];
}

export function byUser(rule: RuleName, userId: string): Counted {
  return [rule, `user ${userId}`];
}

/** The keys of a caller and of their tenant. An API key that is not known yet may be made up, so its address counts first. */
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
