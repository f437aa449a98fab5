import { and, eq, gt, isNull, ne, sql } from 'drizzle-orm';
import { unauthenticated } from '../../core/auth/access-token.ts';
import { AppError } from '../../core/errors.ts';
import type { Actor, Person } from '../entering/callers.ts';
import { tenantNotFound } from '../entering/enter.ts';
import { now } from '../connection/clock.ts';
import { apiKeys, memberships, tenants, users, type Role } from '../tables/lobby.ts';
import type { Tx } from '../connection/lane.ts';

/**
 * Locks the members and invites of a tenant until this transaction ends, so that changes to them run one after another. Data
 * that was read before the lock may be outdated.
 */
export async function lockMembers(tx: Tx, tenantId: string): Promise<void> {
  await tx.select({ id: tenants.id }).from(tenants).where(eq(tenants.id, tenantId)).for('no key update');
}

/**
 * Locks the members for a change by an admin, and checks that the actor is still an admin after waiting for the lock.
 * @throws AppError `UNAUTHENTICATED`, `TENANT_NOT_FOUND` or `FORBIDDEN`, as a new request of the actor would get
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

/** Locks the account, so that it can't be disabled before this transaction ends. */
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
      and(eq(apiKeys.tenantId, tenantId), eq(apiKeys.id, id), isNull(apiKeys.revokedAt), gt(apiKeys.expiresAt, now())),
    );
  if (!key) throw unauthenticated();
  return key.role;
}

/** @returns the role of a user in a tenant; `undefined` if they are not a member */
export async function roleOf(tx: Tx, tenantId: string, userId: string): Promise<Role | undefined> {
  const [row] = await tx
    .select({ role: memberships.role })
    .from(memberships)
    .where(and(eq(memberships.tenantId, tenantId), eq(memberships.userId, userId)));
  return row?.role;
}

/**
 * Checks that a tenant has another admin who can log in. The members must be locked.
 * @param userId the admin to leave out
 * @throws AppError `LAST_ADMIN` if there is no other
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
