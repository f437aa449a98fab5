import { AppError, findCause, type Reason } from '../core/errors.ts';
import { addressKey, type Counted, type RuleName } from '../core/rate-limit/index.ts';
import type { Caller } from '../db/callers.ts';
import { tenantOfCaller } from '../db/enter.ts';
import type { Context } from './context.ts';

/** Counts a call. @throws AppError `RATE_LIMITED` */
export async function take({ rateLimits, request }: Context, ...counted: Counted[]): Promise<void> {
  await rateLimits.take(counted, (count) => request.counts.push(count));
}

/** By whom a call is counted that proves nobody's identity. */
export function byAddress(ctx: Context, rule: RuleName = 'callsByCaller'): Counted {
  return [rule, `address ${addressKey(ctx.request.ipAddress)}`];
}

/** By whom and for whom a call is counted. A key that nobody knows yet may be made up, so it counts for its address too. */
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
      return tenantId === undefined ? [key, byAddress(ctx)] : [key, ...whole];
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
