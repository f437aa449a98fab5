import { and, eq, gt } from 'drizzle-orm';
import { idOfMailedToken, mailedTokenMatches, tokenInvalid } from '../../core/auth/mailed-token.ts';
import type { SecretKeys } from '../../core/secret-keys.ts';
import { now } from '../../db/connection/clock.ts';
import type { Tx } from '../../db/connection/lane.ts';
import { signUps, users } from '../../db/tables/lobby.ts';
import { findPendingSignUps, isPending } from '../../db/identity/sign-ups.ts';

export type FoundSignUp = Awaited<ReturnType<typeof findByToken>>;

/**
 * Finds the sign-up of a mailed token, if it can still become an account. It checks no password.
 * @returns the sign-up, its tenant, and whether other sign-ups of its address are pending
 * @throws AppError `TOKEN_INVALID` for every invalid token
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
  // If the address has an account, the error is the same as for an expired sign-up, so it does not reveal the account.
  if (!found || (await hasAccount(tx, row.email))) throw tokenInvalid();
  return { ...found, isOneOfSeveral: pending.length > 1 };
}

async function hasAccount(tx: Tx, email: string): Promise<boolean> {
  const held = await tx.select({ id: users.id }).from(users).where(eq(users.email, email));
  return held.length > 0;
}
