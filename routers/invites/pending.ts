import { and, eq, gt, inArray } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import { idOfMailedToken, mailedTokenMatches, tokenInvalid } from '../../core/auth/mailed-token.ts';
import type { SecretKeys } from '../../core/secret-keys.ts';
import { now } from '../../db/connection/clock.ts';
import { isOpen } from '../../db/identity/invites.ts';
import { invites, tenants, users, type TenantStatus } from '../../db/tables/lobby.ts';
import type { Tx } from '../../db/connection/lane.ts';

/**
 * Only invites to tenants of these statuses are valid. The status of a tenant is visible only to its members, so any other
 * status gives the error of an invalid token.
 */
const OPEN: TenantStatus[] = ['ready', 'migrating'];

const accounts = alias(users, 'accounts');

/**
 * Finds the invite of a mailed token, if it can still be accepted. It uses one statement, because between two statements a
 * concurrent acceptance could use up the invite and create the account.
 * @throws AppError `TOKEN_INVALID` for every invalid token
 */
export async function findPending(tx: Tx, secretKeys: SecretKeys, token: string) {
  const id = idOfMailedToken(token);
  if (id === undefined) throw tokenInvalid();
  const [found] = await tx
    .select({
      invite: { id: invites.id, email: invites.email, role: invites.role },
      tenant: { id: tenants.id, slug: tenants.slug, name: tenants.name, status: tenants.status },
      inviter: users.fullName,
      account: accounts.id,
    })
    .from(invites)
    .innerJoin(tenants, eq(tenants.id, invites.tenantId))
    .leftJoin(users, eq(users.id, invites.invitedBy))
    .leftJoin(accounts, eq(accounts.email, invites.email))
    .where(and(live(id), inArray(tenants.status, OPEN)));
  if (!found || !mailedTokenMatches(secretKeys, token, { kind: 'invite', id, email: found.invite.email })) {
    throw tokenInvalid();
  }
  const { account, ...pending } = found;
  return { ...pending, hasAccount: account !== null };
}

/**
 * Uses up an invite. Of concurrent callers, only one succeeds.
 * @throws AppError `TOKEN_INVALID`
 */
export async function useUp(tx: Tx, id: string): Promise<void> {
  const used = await tx.update(invites).set({ acceptedAt: now() }).where(live(id)).returning({ id: invites.id });
  if (used.length === 0) throw tokenInvalid();
}

function live(id: string) {
  return and(eq(invites.id, id), isOpen, gt(invites.expiresAt, now()));
}
