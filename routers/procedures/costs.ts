import { addressKey, RULES, type Cost, type RuleName } from '../../core/rate-limit/index.ts';
import type { Owners, Passwords } from '../../core/auth/passwords.ts';
import type { Tx } from '../../db/connection/lane.ts';
// oxlint-disable-next-line no-restricted-imports -- wrapped below, with a check that the call was counted
import { requestMail as requestUncounted } from '../../db/mail/requests.ts';
// oxlint-disable-next-line no-restricted-imports -- as above
import { enqueue as enqueueUncounted, type OutboxMessage } from '../../db/outbox/enqueue.ts';
// oxlint-disable-next-line no-restricted-imports -- as above
import { createTenant as createUncounted } from '../../db/tenancy/create-tenant.ts';
import { PRODUCT_COSTS } from '../../db/outbox/product/kinds.ts';
import type { CountedCall, Spent } from './limits.ts';

// Expensive work first checks that a rate limit has counted the call, so that no procedure can omit its limits.

type Counting = Pick<CountedCall, 'spent'>;

/** The cost of each kind of outbox row; `null` for work that callers cannot trigger as often as they want. */
const COST_OF: Readonly<Record<OutboxMessage['kind'], Cost | null>> = {
  'email.send': 'mail',
  'tenant.provision': 'provision',
  ...PRODUCT_COSTS,
};

/**
 * Checks that the call was counted for this cost by two limits: one per source (who calls) and one per target (whom the work
 * is for).
 * @throws Error if not: core/rate-limit/rules.ts has no such limit, or the procedure calls `take` too late
 */
function assertCounted({ procedure, counted }: Spent, cost: Cost): void {
  for (const per of ['source', 'target'] as const) {
    if ([...counted].some((name) => boundsCost(name, cost, per))) continue;
    throw new Error(`${procedure} costs a ${cost} and was not counted by its ${per}: see core/rate-limit/rules.ts`);
  }
}

function boundsCost(name: RuleName, cost: Cost, per: 'source' | 'target'): boolean {
  const { bounds } = RULES[name];
  return bounds?.per === per && bounds.costs.includes(cost);
}

/**
 * Wraps the password functions for one call. Each of them checks that the call was counted, and adds the client's address to
 * the owners, by which waiting callers take turns.
 */
export function countedPasswords(
  { passwords, request }: { passwords: Passwords; request: { ipAddress: string | null } },
  spent: Spent,
): Passwords {
  const ownersOf = (more: Owners = []): Owners => [`address ${addressKey(request.ipAddress)}`, ...more];
  return {
    gate: passwords.gate,
    isOutdated: (storedHash) => passwords.isOutdated(storedHash),
    async hash(password, owners) {
      assertCounted(spent, 'hash');
      return await passwords.hash(password, ownersOf(owners));
    },
    async verify(storedHash, password, owners) {
      assertCounted(spent, 'hash');
      return await passwords.verify(storedHash, password, ownersOf(owners));
    },
    async assertStrong(password, userInputs, owners) {
      assertCounted(spent, 'score');
      await passwords.assertStrong(password, userInputs, ownersOf(owners));
    },
  };
}

/** @see enqueueUncounted */
export async function enqueue(ctx: Counting, tx: Tx, tenantId: string | null, message: OutboxMessage): Promise<void> {
  const cost = COST_OF[message.kind];
  if (cost !== null) assertCounted(ctx.spent, cost);
  await enqueueUncounted(tx, tenantId, message);
}

/** @see requestUncounted */
export async function requestMail(ctx: Counting, ...request: Parameters<typeof requestUncounted>): Promise<void> {
  assertCounted(ctx.spent, 'mail');
  await requestUncounted(...request);
}

/** @see createUncounted */
export async function createTenant(ctx: Counting, ...tenant: Parameters<typeof createUncounted>): Promise<string> {
  assertCounted(ctx.spent, 'provision');
  return await createUncounted(...tenant);
}
