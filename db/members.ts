import { and, eq, isNull, ne, sql } from 'drizzle-orm';
import { AppError } from '../core/errors.ts';
import { memberships, tenants, users, type Role } from './lobby.ts';
import type { Tx } from './lane.ts';

/**
 * Makes changes to who is in a tenant wait for each other, until this transaction ends. What was read of members and
 * invites before may have changed meanwhile.
 */
export async function lockMembers(tx: Tx, tenantId: string): Promise<void> {
  await tx.select({ id: tenants.id }).from(tenants).where(eq(tenants.id, tenantId)).for('no key update');
}

/** The same for an admin's change, who may have lost the role while it waited. @throws AppError `FORBIDDEN` */
export async function lockMembersAsAdmin(tx: Tx, tenantId: string, userId: string): Promise<void> {
  await lockMembers(tx, tenantId);
  if ((await roleOf(tx, tenantId, userId)) !== 'admin') {
    throw new AppError('FORBIDDEN', 'You are no admin of this tenant any more.');
  }
}

/** The role of a user in a tenant, if they are in it. */
export async function roleOf(tx: Tx, tenantId: string, userId: string): Promise<Role | undefined> {
  const [row] = await tx
    .select({ role: memberships.role })
    .from(memberships)
    .where(and(eq(memberships.tenantId, tenantId), eq(memberships.userId, userId)));
  return row?.role;
}

/**
 * Makes sure that a tenant has an admin who can log in even without this one. Members must be locked.
 * @throws AppError `LAST_ADMIN`
 */
export async function assertAdminBeside(tx: Tx, tenantId: string, userId: string): Promise<void> {
  const others = await tx
    .select({ one: sql`1` })
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(
      and(
        eq(memberships.tenantId, tenantId),
        eq(memberships.role, 'admin'),
        ne(memberships.userId, userId),
        isNull(users.disabledAt),
      ),
    )
    .limit(1);
  if (others.length === 0) {
    throw new AppError('LAST_ADMIN', 'A tenant always has an admin: make someone else one first.');
  }
}
