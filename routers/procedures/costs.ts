import { addressKey, RULES, type Cost, type RuleName } from '../../core/rate-limit/index.ts';
import type { Owners, Passwords } from '../../core/auth/passwords.ts';
import type { Tx } from '../../db/connection/lane.ts';
// oxlint-disable-next-line no-restricted-imports -- wrapped below, with a check that the call was counted
import { requestMail as requestUncounted } from '../../db/mail/requests.ts';
// oxlint-disable-next-line no-restricted-imports -- as above
import { enqueue as enqueueUncounted, type OutboxMessage } from '../../db/outbox/enqueue.ts';
// oxlint-disable-next-line no-restricted-imports -- as above
import { createTenant as createUncounted } from '../../db/tenancy/tenants.ts';
import { PRODUCT_COSTS } from '../../db/outbox/product/kinds.ts';
import type { CountedCall, Spent } from './limits.ts';

// Expensive work checks first that the call was counted for it, so no procedure can forget its limits.

type Counting = Pick<CountedCall, 'spent'>;

/** What each kind of outbox row costs; `null` for work that no caller can cause at will. */
const COST_OF: Readonly<Record<OutboxMessage['kind'], Cost | null>> = {
  'email.send': 'mail',
  'tenant.provision': 'provision',
  ...PRODUCT_COSTS,
};

/**
 * Checks that a call was counted by who asks and by whom it is for, before it costs something.
 * @throws Error if it was not: core/rate-limit/rules.ts has no such limit, or the procedure takes it too late
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

/** The server's passwords for one call. They check that it was counted, and take turns by address. */
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
