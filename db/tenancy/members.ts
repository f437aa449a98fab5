import { and, eq, gt, isNull, ne, sql } from 'drizzle-orm';
import { unauthenticated } from '../../core/auth/access-token.ts';
import { AppError } from '../../core/errors.ts';
import type { Actor, Person } from '../entering/callers.ts';
import { tenantNotFound } from '../entering/enter.ts';
import { apiKeys, memberships, tenants, users, type Role } from '../tables/lobby.ts';
import type { Tx } from '../connection/lane.ts';

/**
 * Makes changes to who is in a tenant wait for each other, until this transaction ends. What was read of members and
 * invites before may have changed meanwhile.
 */
export async function lockMembers(tx: Tx, tenantId: string): Promise<void> {
  await tx.select({ id: tenants.id }).from(tenants).where(eq(tenants.id, tenantId)).for('no key update');
}

/**
 * The same for an admin's change, who may have lost the role while it waited.
 * @throws AppError what they would be told now: `UNAUTHENTICATED`, `TENANT_NOT_FOUND`, `FORBIDDEN`
 */
export async function lockMembersAsAdmin(tx: Tx, tenantId: string, actor: Actor): Promise<void> {
  await lockMembers(tx, tenantId);
  const role =
    actor.type === 'apiKey' ? await roleOfKey(tx, tenantId, actor.id) : await roleOfUser(tx, tenantId, actor);
  if (role !== 'admin') throw new AppError('FORBIDDEN', 'You are no longer an admin of this tenant.');
}

async function roleOfUser(tx: Tx, tenantId: string, { user }: Person): Promise<Role> {
  if (!(await isEnabled(tx, user.id))) throw unauthenticated();
  const role = await roleOf(tx, tenantId, user.id);
  if (role === undefined) throw tenantNotFound();
  return role;
}

/** Holds the account as it is: one that is being disabled at this moment comes before or after. */
async function isEnabled(tx: Tx, userId: string): Promise<boolean> {
  const found = await tx
    .select({ one: sql`1` })
    .from(users)
    .where(and(eq(users.id, userId), isNull(users.disabledAt)))
    .for('share');
  return found.length > 0;
}

async function roleOfKey(tx: Tx, tenantId: string, id: string): Promise<Role> {
  const [key] = await tx
    .select({ role: apiKeys.role })
    .from(apiKeys)
    .where(
      and(
        eq(apiKeys.tenantId, tenantId),
        eq(apiKeys.id, id),
        isNull(apiKeys.revokedAt),
        gt(apiKeys.expiresAt, sql`now()`),
      ),
    );
  if (!key) throw unauthenticated();
  return key.role;
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
    throw new AppError('LAST_ADMIN', 'A tenant must keep at least one admin. Make another member an admin first.');
  }
}
