import { and, eq, getTableColumns, gt, inArray, isNull, sql } from 'drizzle-orm';
import { v7 as uuidv7 } from 'uuid';
import { SIGN_UP_DAYS } from '../../core/identity/sign-up.ts';
import { now } from '../connection/clock.ts';
import { memberships, signUps, tenants } from '../tables/lobby.ts';
import type { Tx } from '../connection/lane.ts';
import { insertUser } from './users.ts';

type SignUp = typeof signUps.$inferSelect;

/** Whether a sign-up is neither verified, voided nor too old. Its link may have expired, since a resend renews the link. */
export const isPending = and(
  isNull(signUps.verifiedAt),
  isNull(signUps.voidedAt),
  gt(signUps.createdAt, sql`now() - make_interval(days => ${SIGN_UP_DAYS})`),
);

/** @returns the pending sign-ups of an address with their tenants, oldest first */
export async function findPendingSignUps(tx: Tx, email: string) {
  return await tx
    .select({ signUp: signUps, tenantName: tenants.name, tenantSlug: tenants.slug })
    .from(signUps)
    .innerJoin(tenants, eq(tenants.id, signUps.tenantId))
    .where(and(eq(signUps.email, email), isPending))
    .orderBy(signUps.id);
}

/**
 * Locks the pending sign-ups of an address until the transaction ends. Every procedure that creates an account locks them
 * first and in this order. So one of several concurrent procedures succeeds, and they can't deadlock. Decisions that depend
 * on the number of pending sign-ups use this result. A sign-up that is committed later stays, and its link is refused.
 */
export async function lockPendingSignUps(tx: Tx, email: string): Promise<(SignUp & { isLinkLive: boolean })[]> {
  return await tx
    .select({ ...getTableColumns(signUps), isLinkLive: sql<boolean>`${signUps.verificationExpiresAt} > now()` })
    .from(signUps)
    .where(and(eq(signUps.email, email), isPending))
    .orderBy(signUps.id)
    .for('update');
}

/** The parts of a sign-up that its account needs. */
type NewAdmin = Pick<SignUp, 'id' | 'email' | 'fullName' | 'tenantId'> & { passwordHash: string };

/**
 * Creates the account of a sign-up whose address is verified now, and makes it an admin of the tenant.
 * @returns the user's id
 * @throws PostgresError that violates `users_email_key`, if the address got an account meanwhile
 */
export async function admitSignUp(tx: Tx, signUp: SignUp): Promise<string> {
  const { passwordHash } = signUp;
  if (passwordHash === null) throw new Error('A sign-up that is verified already is admitted again');
  const userId = await createTenantAdmin(tx, { ...signUp, passwordHash });
  // A trigger erases the password of the sign-up when `verified_at` is set.
  await tx.update(signUps).set({ verifiedAt: now() }).where(eq(signUps.id, signUp.id));
  return userId;
}

/**
 * Creates the account of a sign-up with another password. The sign-up is voided. A login with its password gets the same
 * answer as before, so a stranger who signed up does not learn that the owner of the address now has an account.
 * @returns the user's id
 * @throws PostgresError that violates `users_email_key`, if the address got an account meanwhile
 */
export async function admitUnderNewPassword(tx: Tx, signUp: NewAdmin): Promise<string> {
  const userId = await createTenantAdmin(tx, signUp);
  await voidSignUps(tx, [signUp]);
  return userId;
}

async function createTenantAdmin(tx: Tx, { email, fullName, passwordHash, tenantId }: NewAdmin): Promise<string> {
  const userId = uuidv7();
  await insertUser(tx, { id: userId, email, fullName, passwordHash });
  await tx.insert(memberships).values({ userId, tenantId, role: 'admin' });
  return userId;
}

/** Voids sign-ups, because their address gets an account. */
export async function voidSignUps(tx: Tx, which: readonly Pick<SignUp, 'id'>[]): Promise<void> {
  if (which.length === 0) return;
  await tx
    .update(signUps)
    .set({ voidedAt: now() })
    .where(
      inArray(
        signUps.id,
        which.map(({ id }) => id),
      ),
    );
}
