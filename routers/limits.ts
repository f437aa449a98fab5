import { AppError, findCause, STATUS_OF_REASON, type Reason } from '../core/errors.ts';
import { addressKey, type Counted, type RuleName } from '../core/rate-limit/index.ts';
import type { Caller } from '../db/callers.ts';
import { tenantOfCaller } from '../db/enter.ts';
import type { Context } from './context.ts';

/** Counts a call. @throws AppError `RATE_LIMITED` */
export async function take({ rateLimits, request }: Context, ...counted: Counted[]): Promise<void> {
  await rateLimits.take(counted, (count) => request.counts.push(count));
}

/** What a call has spent of limits so tight that it gets it back where nothing came of it. */
export type Spent = Counted[];

/** Counts a call under a tight limit. @throws AppError `RATE_LIMITED` */
export async function spend(ctx: Context & { spent: Spent }, counted: Counted): Promise<void> {
  await take(ctx, counted);
  ctx.spent.push(counted);
}

/** What counts guesses: where the server was too busy, one may have been looked at all the same. */
const GUESSES = new Set<RuleName>(['loginsByAddress', 'loginsByAccountAndAddress']);
/** What stops an input before anything was done for it. */
const INPUT_REFUSED = new Set<Reason>(['VALIDATION_FAILED', 'PASSWORD_TOO_WEAK']);

/** Gives back what a call has spent, if its input was refused; or it was told to come again (503), and was no guess. */
export async function giveBackSpent({ rateLimits, spent }: Context & { spent: Spent }, reason: Reason): Promise<void> {
  const busy = STATUS_OF_REASON[reason] === 503;
  if (!busy && !INPUT_REFUSED.has(reason)) return;
  const due = spent.splice(0).filter(([rule]) => !busy || !GUESSES.has(rule));
  await Promise.all(due.map((counted) => rateLimits.giveBack(counted)));
}

/** By whom a call is counted that proves nobody's identity. */
export function byAddress(ctx: Context, rule: RuleName = 'callsByCaller'): Counted {
  return [rule, `address ${addressKey(ctx.request.ipAddress)}`];
}

/** By whom and for whom a call is counted. A key that nobody knows yet may be made up, so it counts for its address first. */
export function byCaller(ctx: Context, caller: Caller): Counted[] {
  const tenantId = tenantOfCaller(caller);
  const whole: Counted[] = tenantId === undefined ? [] : [['callsByTenant', tenantId]];
  switch (caller.kind) {
    case 'session':
      return [['callsByCaller', `user ${caller.userId}`], ...whole];
    case 'assumedIdentity':
      return [['callsByCaller', `user ${caller.operatorId}`], ...whole];
    case 'apiKey': {
      const key: Counted = ['callsByCaller', `key ${Buffer.from(caller.keyHash).toString('hex')}`];
      return tenantId === undefined ? [byAddress(ctx), key] : [key, ...whole];
    }
  }
}

/**
 * Counts what `work` does only if it fails in one of these ways. The count is made before, so that many at once can't
 * all find room, and given back after.
 */
export async function takeFailures<T>(
  ctx: Context,
  counted: Counted,
  failures: readonly Reason[],
  work: () => Promise<T>,
): Promise<T> {
  await take(ctx, counted);
  let failed = false;
  try {
    return await work();
  } catch (error) {
    const refusal = findCause(error, (cause) => cause instanceof AppError);
    failed = refusal !== undefined && failures.includes(refusal.reason);
    throw error;
  } finally {
    if (!failed) await ctx.rateLimits.giveBack(counted);
  }
}
