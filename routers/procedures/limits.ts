import { AppError, findCause, STATUS_OF_REASON, type Reason } from '../../core/errors.ts';
import { addressKey, counts, RULE_NAMES, RULES, type Counted, type RuleName } from '../../core/rate-limit/index.ts';
import type { Caller } from '../../db/entering/callers.ts';
import { tenantOfCaller } from '../../db/entering/tenant-of-caller.ts';
import type { Context } from './context.ts';

/** What one call was counted under. */
export interface Spent {
  /** The procedure that was called. */
  procedure: string;
  counted: Set<RuleName>;
  /** What it gets back where nothing came of it. */
  refundable: Counted[];
}

/** A call that is counted. */
export type CountedCall = Context & { spent: Spent };

export function createSpent(procedure: string): Spent {
  return { procedure, counted: new Set(), refundable: [] };
}

/**
 * Counts a call.
 * @throws AppError `RATE_LIMITED`
 * @throws Error if the limits' table does not name the procedure under this rule
 */
export async function take({ rateLimits, request, spent }: CountedCall, ...counted: Counted[]): Promise<void> {
  for (const [rule] of counted) {
    if (!counts(rule, spent.procedure))
      throw new Error(`${rule} does not name ${spent.procedure}: see core/rate-limit/rules.ts`);
  }
  await rateLimits.take(counted, (count) => request.counts.push(count));
  for (const [rule] of counted) spent.counted.add(rule);
}

/** Counts a call under limits that give it back where nothing came of it. @throws AppError `RATE_LIMITED` */
export async function spend(ctx: CountedCall, ...counted: Counted[]): Promise<void> {
  for (const one of counted) {
    await take(ctx, one);
    ctx.spent.refundable.push(one);
  }
}

/** The limits of a procedure whose key the call itself tells, so that each is counted before anything is looked at. */
const UPFRONT = RULE_NAMES.filter((name) => {
  const { by, counts: which, of } = RULES[name];
  return of !== 'all' && which !== 'failures' && (by === 'address' || by === 'user');
});

/** Counts a call under all limits of its procedure that are by address or by user. @throws AppError `RATE_LIMITED` */
export async function spendUpfront(ctx: CountedCall, caller?: Caller): Promise<void> {
  for (const name of UPFRONT) {
    if (!counts(name, ctx.spent.procedure)) continue;
    if (RULES[name].by === 'address') await spend(ctx, byAddress(ctx, name));
    // Anyone but a person in their own name is refused by these procedures.
    else if (caller?.kind === 'session') await spend(ctx, byUser(name, caller.userId));
  }
}

/** What stops an input before anything was done for it. */
const INPUT_REFUSED = new Set<Reason>(['VALIDATION_FAILED', 'PASSWORD_TOO_WEAK']);

/** Gives back what a call has spent and the limit does not keep, now that it was refused for this reason. */
export async function giveBackSpent({ rateLimits, spent }: CountedCall, reason: Reason): Promise<void> {
  const due = spent.refundable.splice(0).filter(([rule]) => isGivenBack(rule, reason));
  await Promise.all(due.map((counted) => rateLimits.giveBack(counted)));
}

function isGivenBack(rule: RuleName, reason: Reason): boolean {
  const inputRefused = INPUT_REFUSED.has(reason);
  switch (RULES[rule].counts) {
    case 'successes':
      return true;
    case 'calls':
      return inputRefused || STATUS_OF_REASON[reason] === 503;
    case 'guesses':
      return inputRefused;
    case 'failures':
      return false;
  }
}

/** By whom a call is counted that proves nobody's identity. */
export function byAddress(ctx: Context, rule: RuleName = 'callsByCaller'): Counted {
  return [rule, `address ${addressKey(ctx.request.ipAddress)}`];
}

export function byUser(rule: RuleName, userId: string): Counted {
  return [rule, `user ${userId}`];
}

/** By whom and for whom a call is counted. A key that nobody knows yet may be made up, so it counts for its address first. */
export function byCaller(ctx: Context, caller: Caller): Counted[] {
  const tenantId = tenantOfCaller(caller);
  const whole: Counted[] = tenantId === undefined ? [] : [['callsByTenant', tenantId]];
  switch (caller.kind) {
    case 'session':
      return [byUser('callsByCaller', caller.userId), ...whole];
    case 'assumedIdentity':
      return [byUser('callsByCaller', caller.operatorId), ...whole];
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
  ctx: CountedCall,
  counted: Counted | readonly Counted[],
  failures: readonly Reason[],
  work: () => Promise<T>,
): Promise<T> {
  const all = isOne(counted) ? [counted] : counted;
  let failed = false;
  try {
    await take(ctx, ...all);
    return await work();
  } catch (error) {
    const refusal = findCause(error, (cause) => cause instanceof AppError);
    failed = refusal !== undefined && failures.includes(refusal.reason);
    throw error;
  } finally {
    if (!failed) await Promise.all(all.map((one) => ctx.rateLimits.giveBack(one)));
  }
}

function isOne(counted: Counted | readonly Counted[]): counted is Counted {
  return typeof counted[0] === 'string';
}
