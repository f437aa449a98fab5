import { and, eq, gt } from 'drizzle-orm';
import { idOfMailedToken, mailedTokenMatches, tokenInvalid } from '../../core/auth/mailed-token.ts';
import type { SecretKeys } from '../../core/secret-keys.ts';
import { now } from '../../db/connection/clock.ts';
import type { Tx } from '../../db/connection/lane.ts';
import { signUps, users } from '../../db/tables/lobby.ts';
import { findPendingSignUps, isPending } from '../../db/identity/sign-ups.ts';

export type FoundSignUp = Awaited<ReturnType<typeof findByToken>>;

/**
 * Finds the sign-up that a mailed token names, if it can still become an account. No password is looked at.
 * @returns the sign-up, what it wants to found, and whether other sign-ups of its address are pending
 * @throws AppError `TOKEN_INVALID`, whatever is wrong with it
 */
export async function findByToken(tx: Tx, secretKeys: SecretKeys, token: string) {
  const verificationId = idOfMailedToken(token);
  if (verificationId === undefined) throw tokenInvalid();
  const [row] = await tx
    .select({ email: signUps.email })
    .from(signUps)
    .where(and(eq(signUps.verificationId, verificationId), gt(signUps.verificationExpiresAt, now()), isPending));
  if (!row || !mailedTokenMatches(secretKeys, token, { kind: 'verify-email', id: verificationId, email: row.email })) {
    throw tokenInvalid();
  }
  const pending = await findPendingSignUps(tx, row.email);
  const found = pending.find(({ signUp }) => signUp.verificationId === verificationId);
  // A sign-up that was made beside an account is never told from one that is over.
  if (!found || (await hasAccount(tx, row.email))) throw tokenInvalid();
  return { ...found, isOneOfSeveral: pending.length > 1 };
}

async function hasAccount(tx: Tx, email: string): Promise<boolean> {
  const held = await tx.select({ id: users.id }).from(users).where(eq(users.email, email));
  return held.length > 0;
}
