import { and, eq, gt, isNull } from 'drizzle-orm';
import { now } from '../connection/clock.ts';
import { assumedIdentities } from '../tables/lobby.ts';
import type { Tx } from '../connection/lane.ts';

/**
 * Ends live assumed identities permanently: undoing the change that ended them does not restore them. It is called before
 * that change. Otherwise the trigger of migration 0008 would end them, and no audit row would name the actor.
 * @returns the assumed identities that were ended
 */
export async function endAssumedIdentities(
  tx: Tx,
  which: { tenantId?: string; userId?: string; operatorId?: string },
): Promise<{ id: string; tenantId: string }[]> {
  return await tx
    .update(assumedIdentities)
    .set({ endedAt: now() })
    .where(
      and(
        isNull(assumedIdentities.endedAt),
        gt(assumedIdentities.expiresAt, now()),
        which.tenantId === undefined ? undefined : eq(assumedIdentities.tenantId, which.tenantId),
        which.userId === undefined ? undefined : eq(assumedIdentities.userId, which.userId),
        which.operatorId === undefined ? undefined : eq(assumedIdentities.operatorId, which.operatorId),
      ),
    )
    .returning({ id: assumedIdentities.id, tenantId: assumedIdentities.tenantId });
}
