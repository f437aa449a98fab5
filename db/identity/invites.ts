import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import { now } from '../connection/clock.ts';
import { invites, type Role } from '../tables/lobby.ts';
import type { Tx } from '../connection/lane.ts';

/** Whether an invite is neither accepted nor revoked. It may have expired. */
export const isOpen = and(isNull(invites.acceptedAt), isNull(invites.revokedAt));

/** Whether an invite has expired, by the database's clock. */
export const isExpired = sql<boolean>`${invites.expiresAt} <= now()`;

/**
 * Revokes the open invites that a user created, if this user may not create them any more.
 * @param by.tenantId only invites to this tenant
 * @param by.roles only invites with one of these roles
 * @returns the invites that were revoked
 */
export async function revokeInvitesOf(
  tx: Tx,
  by: { userId: string; tenantId?: string; roles?: readonly Role[] },
): Promise<{ id: string; tenantId: string }[]> {
  return await tx
    .update(invites)
    .set({ revokedAt: now() })
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
