import { and, eq, gt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { emailShape } from '../../core/email.ts';
import { AppError } from '../../core/errors.ts';
import { idOfMailedToken, mailedTokenMatches, tokenInvalid } from '../../core/mailed-token.ts';
import { describeSignUp } from '../../core/sign-up.ts';
import { violatesUnique } from '../../db/errors.ts';
import type { Tx } from '../../db/lane.ts';
import { signUps, users } from '../../db/lobby.ts';
import { admitSignUp, findPendingSignUps, isPending, lockPendingSignUps, voidSignUps } from '../../db/sign-ups.ts';
import type { Context } from '../context.ts';
import { takeFailures, type CountedCall } from '../limits.ts';
import { publicProcedure } from '../procedures.ts';
import { tokenInput } from '../shapes.ts';
import type { Trail } from '../trail.ts';

type Found = Awaited<ReturnType<typeof findByToken>>;

/**
 * Turns a sign-up into a user who is the tenant's admin. Where several sign-ups of the address are pending, a click on
 * the wrong mail would let a stranger's password in, so this one's password is needed too.
 */
export const verifyEmail = publicProcedure
  .meta({
    openapi: { method: 'POST', path: '/auth/verify-email', tags: ['auth'], summary: 'Prove an e-mail by its token' },
    refusals: ['TOKEN_INVALID', 'INVALID_CREDENTIALS'],
    audit: { action: 'user.verify_email', entityType: 'user' },
  })
  .input(
    z.strictObject({
      token: tokenInput,
      password: z
        .string()
        .optional()
        .describe('Of this sign-up. Needed where several sign-ups of the address are pending'),
    }),
  )
  .output(z.object({ email: emailShape }).meta({ id: 'VerifiedEmail' }))
  .mutation(async ({ ctx, input: { token, password } }) => {
    const verificationId = idOfMailedToken(token);
    if (verificationId === undefined) throw tokenInvalid();
    const found = await ctx.pool.transaction({ readOnly: true }, (tx) => findByToken(ctx, tx, token, verificationId));

    const verify = async (): Promise<{ email: string }> => {
      // No connection is held while Argon2 works.
      const known =
        password !== undefined && (await ctx.passwords.verify(found.signUp.passwordHash ?? undefined, password));
      return await ctx.pool.transaction({ readOnly: false }, (tx) =>
        admit(ctx, tx, { found, verificationId, known, given: password !== undefined }),
      );
    };
    // One token of one sign-up, used many times at once, counts no failures.
    if (!found.isOneOfSeveral && password === undefined) return await verify();
    return await takeFailures(ctx, ['verifyFailuresByToken', verificationId], ['INVALID_CREDENTIALS'], verify);
  });

/** @throws AppError `TOKEN_INVALID`, before any password is looked at */
async function findByToken({ secretKeys }: Context, tx: Tx, token: string, verificationId: string) {
  const [row] = await tx
    .select({ email: signUps.email })
    .from(signUps)
    .where(and(eq(signUps.verificationId, verificationId), gt(signUps.verificationExpiresAt, sql`now()`), isPending));
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

/** @param password.known whether the password is the sign-up's @param password.given whether there was one */
async function admit(
  ctx: CountedCall & { trail: Trail },
  tx: Tx,
  { found, verificationId, ...password }: { found: Found; verificationId: string; known: boolean; given: boolean },
): Promise<{ email: string }> {
  const { email } = found.signUp;
  const pending = await lockPendingSignUps(tx, email);
  const signUp = pending.find((one) => one.verificationId === verificationId && one.isLinkLive);
  if (!signUp) throw tokenInvalid();
  const others = pending.filter(({ id }) => id !== signUp.id);
  if (others.length > 0 && !password.known) throw passwordNeeded(found, password.given);

  const userId = await admitSignUp(tx, signUp).catch((error: unknown) => {
    // The address got its account meanwhile, by another sign-up or an invite.
    throw violatesUnique(error, 'users_email_key') ? tokenInvalid() : error;
  });
  await voidSignUps(tx, others);
  ctx.trail.note({ entityId: userId, actor: { type: 'user', id: userId } });
  await ctx.trail.write(tx, 'success');
  return { email };
}

/** Names the sign-up, so that its maker can tell it from a stranger's. Only who has the token reads this. */
function passwordNeeded({ signUp, tenantName, tenantSlug }: Found, given: boolean): AppError {
  const which = describeSignUp({ tenantName, tenantSlug, createdAt: signUp.createdAt });
  return new AppError(
    'INVALID_CREDENTIALS',
    given
      ? `This is not the password of the sign-up for the tenant ${which}.`
      : `Several sign-ups wait for this address. If you made the one for the tenant ${which}, give the password that you chose for it.`,
  );
}
