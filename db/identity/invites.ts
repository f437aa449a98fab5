import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import { invites, type Role } from '../tables/lobby.ts';
import type { Tx } from '../connection/lane.ts';

/** Neither accepted nor revoked. It may have expired. */
export const isOpen = and(isNull(invites.acceptedAt), isNull(invites.revokedAt));

/** By the database's clock, for a select. */
export const isExpired = sql<boolean>`${invites.expiresAt} <= now()`;

/**
 * Revokes the open invites of someone who could not make them any more: nobody gets in by the word of one who is out.
 * @param by.tenantId in this tenant alone
 * @param by.roles those to these roles alone
 * @returns which were revoked
 */
export async function revokeInvitesOf(
  tx: Tx,
  by: { userId: string; tenantId?: string; roles?: readonly Role[] },
): Promise<{ id: string; tenantId: string }[]> {
  return await tx
    .update(invites)
    .set({ revokedAt: sql`now()` })
    .where(
      and(
        eq(invites.invitedBy, by.userId),
        isOpen,
        by.tenantId === undefined ? undefined : eq(invites.tenantId, by.tenantId),
        by.roles === undefined ? undefined : inArray(invites.role, [...by.roles]),
      ),
    )
    .returning({ id: invites.id, tenantId: invites.tenantId });
}
