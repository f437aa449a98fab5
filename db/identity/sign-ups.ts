import { and, eq, getTableColumns, gt, inArray, isNull, sql } from 'drizzle-orm';
import { v7 as uuidv7 } from 'uuid';
import { SIGN_UP_DAYS } from '../../core/identity/sign-up.ts';
import { memberships, signUps, tenants } from '../tables/lobby.ts';
import type { Tx } from '../connection/lane.ts';
import { insertUser } from './users.ts';

type SignUp = typeof signUps.$inferSelect;

/** Neither verified nor voided, and young enough. Whether its link still works does not matter: a resend renews it. */
export const isPending = and(
  isNull(signUps.verifiedAt),
  isNull(signUps.voidedAt),
  gt(signUps.createdAt, sql`now() - make_interval(days => ${SIGN_UP_DAYS})`),
);

/** The pending sign-ups of an address with what they want to found, oldest first. */
export async function findPendingSignUps(tx: Tx, email: string) {
  return await tx
    .select({ signUp: signUps, tenantName: tenants.name, tenantSlug: tenants.slug })
    .from(signUps)
    .innerJoin(tenants, eq(tenants.id, signUps.tenantId))
    .where(and(eq(signUps.email, email), isPending))
    .orderBy(signUps.id);
}

/**
 * Holds the pending sign-ups of an address until the transaction ends. Whatever gives an address its account does so
 * first, in this order: of any number at once one goes through, and none waits for another that waits for it.
 * What depends on how many are pending is decided by this result. A sign-up that is committed later counts as made after
 * the account: it stays as it is, and its link is refused.
 */
export async function lockPendingSignUps(tx: Tx, email: string): Promise<(SignUp & { isLinkLive: boolean })[]> {
  return await tx
    .select({ ...getTableColumns(signUps), isLinkLive: sql<boolean>`${signUps.verificationExpiresAt} > now()` })
    .from(signUps)
    .where(and(eq(signUps.email, email), isPending))
    .orderBy(signUps.id)
    .for('update');
}

/** What a sign-up brings to its account. */
type Founder = Pick<SignUp, 'id' | 'email' | 'fullName' | 'tenantId'> & { passwordHash: string };

/**
 * Turns a sign-up, whose e-mail is proven now, into a user who is the tenant's admin.
 * @returns the user's id
 * @throws the violation of `users_email_key` where the address got its account meanwhile
 */
export async function admitSignUp(tx: Tx, signUp: SignUp): Promise<string> {
  const { passwordHash } = signUp;
  if (passwordHash === null) throw new Error('A sign-up that is verified already is admitted again');
  const userId = await makeFounder(tx, { ...signUp, passwordHash });
  // A trigger erases its password with this.
  await tx
    .update(signUps)
    .set({ verifiedAt: sql`now()` })
    .where(eq(signUps.id, signUp.id));
  return userId;
}

/**
 * Makes the account of a sign-up with another password than its own. The sign-up is voided: whoever made it hears at a
 * login what they heard before, so a stranger does not learn that the owner of the address was here.
 * @returns the user's id
 * @throws the violation of `users_email_key` where the address got its account meanwhile
 */
export async function admitUnderNewPassword(tx: Tx, signUp: Founder): Promise<string> {
  const userId = await makeFounder(tx, signUp);
  await voidSignUps(tx, [signUp]);
  return userId;
}

async function makeFounder(tx: Tx, { email, fullName, passwordHash, tenantId }: Founder): Promise<string> {
  const userId = uuidv7();
  await insertUser(tx, { id: userId, email, fullName, passwordHash });
  await tx.insert(memberships).values({ userId, tenantId, role: 'admin' });
  return userId;
}

/** Voids sign-ups of an address that gets its account. */
export async function voidSignUps(tx: Tx, which: readonly Pick<SignUp, 'id'>[]): Promise<void> {
  if (which.length === 0) return;
  await tx
    .update(signUps)
    .set({ voidedAt: sql`now()` })
    .where(
      inArray(
        signUps.id,
        which.map(({ id }) => id),
      ),
    );
}
