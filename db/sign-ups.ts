import { and, eq, isNull, ne, sql } from 'drizzle-orm';
import { v7 as uuidv7 } from 'uuid';
import { memberships, signUps } from './lobby.ts';
import type { Tx } from './lane.ts';
import { insertUser } from './users.ts';

/** A registration that is about to become a user. */
interface SignUp {
  id: string;
  email: string;
  fullName: string;
  passwordHash: string;
  tenantId: string;
}

/**
 * Holds the pending sign-ups of an address until the transaction ends. Whatever gives an address its account does so
 * first, and in this order: of any number at once one goes through, and none waits for another that waits for it.
 */
export async function lockSignUps(tx: Tx, email: string): Promise<{ id: string; verificationId: string }[]> {
  return await tx
    .select({ id: signUps.id, verificationId: signUps.verificationId })
    .from(signUps)
    .where(and(eq(signUps.email, email), isNull(signUps.verifiedAt), isNull(signUps.voidedAt)))
    .orderBy(signUps.id)
    .for('update');
}

/**
 * Turns a sign-up, whose e-mail is proven now, into a user who is the admin of its tenant, and voids the others of
 * that address.
 * @returns the user's id
 * @throws the violation of `users_email_key` where the address got its account meanwhile
 */
export async function admitSignUp(tx: Tx, signUp: SignUp): Promise<string> {
  const { id, email, fullName, passwordHash, tenantId } = signUp;
  const userId = uuidv7();
  await insertUser(tx, { id: userId, email, fullName, passwordHash });
  await tx.insert(memberships).values({ userId, tenantId, role: 'admin' });
  await tx
    .update(signUps)
    .set({ verifiedAt: sql`now()`, passwordTag: null })
    .where(eq(signUps.id, id));
  await voidSignUps(tx, email, id);
  return userId;
}

/** Voids the sign-ups of an address that has its account. @param but one that stays */
export async function voidSignUps(tx: Tx, email: string, but?: string): Promise<void> {
  await tx
    .update(signUps)
    .set({ voidedAt: sql`now()` })
    .where(
      and(
        eq(signUps.email, email),
        isNull(signUps.verifiedAt),
        isNull(signUps.voidedAt),
        but === undefined ? undefined : ne(signUps.id, but),
      ),
    );
}
