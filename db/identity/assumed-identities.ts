import { and, eq, isNull, sql } from 'drizzle-orm';
import { assumedIdentities } from '../tables/lobby.ts';
import type { Tx } from '../connection/lane.ts';

/**
 * Ends assumed identities for good: they do not come back with what they were ended for. Called before the change that ends
 * them: then the trigger that sees to it for every statement (migration 0008) has nothing left to do, and the rows of the
 * audit log say who did it.
 * @returns which were ended
 */
export async function endAssumedIdentities(
  tx: Tx,
  which: { tenantId?: string; userId?: string; operatorId?: string },
): Promise<{ id: string; tenantId: string }[]> {
  return await tx
    .update(assumedIdentities)
    .set({ endedAt: sql`now()` })
    .where(
      and(
        isNull(assumedIdentities.endedAt),
        sql`${assumedIdentities.expiresAt} > now()`,
        which.tenantId === undefined ? undefined : eq(assumedIdentities.tenantId, which.tenantId),
        which.userId === undefined ? undefined : eq(assumedIdentities.userId, which.userId),
        which.operatorId === undefined ? undefined : eq(assumedIdentities.operatorId, which.operatorId),
      ),
    )
    .returning({ id: assumedIdentities.id, tenantId: assumedIdentities.tenantId });
}
