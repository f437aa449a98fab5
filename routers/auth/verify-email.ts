import { z } from 'zod';
import { emailShape } from '../../core/mail/address.ts';
import { AppError } from '../../core/errors.ts';
import { tokenInvalid } from '../../core/auth/mailed-token.ts';
import { describeSignUp } from '../../core/identity/sign-up.ts';
import { violatesUnique } from '../../db/connection/errors.ts';
import type { Tx } from '../../db/connection/lane.ts';
import { admitSignUp, lockPendingSignUps, voidSignUps } from '../../db/identity/sign-ups.ts';
import { take, type CountedCall } from '../procedures/limits.ts';
import { publicProcedure } from '../procedures/levels.ts';
import { tokenInput } from '../shapes.ts';
import type { AuditEntryDraft } from '../procedures/audit-entry.ts';
import { findByToken, type FoundSignUp } from './sign-up-by-token.ts';

/**
 * Turns a sign-up into a user who is the admin of its tenant. If the address has several pending sign-ups, the password of
 * this one is required too. Otherwise a click on the wrong mail would create an account with a stranger's password.
 */
export const verifyEmail = publicProcedure
  .meta({
    openapi: {
      method: 'POST',
      path: '/auth/verify-email',
      tags: ['auth'],
      summary: 'Verify an e-mail address with a mailed token',
    },
    refusals: ['TOKEN_INVALID', 'INVALID_CREDENTIALS'],
    audit: { action: 'user.verify_email', entityType: 'user' },
  })
  .input(
    z.strictObject({
      token: tokenInput,
      password: z
        .string()
        .optional()
        .describe('Password of this sign-up. Required if the address has several pending sign-ups'),
    }),
  )
  .output(z.object({ email: emailShape }).meta({ id: 'VerifiedEmail' }))
  .mutation(async ({ ctx, input: { token, password } }) => {
    // An invalid token is refused before a password is checked.
    const found = await ctx.pool.transaction({ readOnly: true }, (tx) => findByToken(tx, ctx.secretKeys, token));
    const { verificationId } = found.signUp;

    // Without a password, the token of the only sign-up cannot fail by a wrong password, so it is not counted as one.
    if (found.isOneOfSeveral || password !== undefined) await take(ctx, ['verifyFailuresByToken', verificationId]);
    // No connection is held while Argon2 works.
    const known =
      password !== undefined && (await ctx.passwords.verify(found.signUp.passwordHash ?? undefined, password));
    return await ctx.pool.transaction({ readOnly: false }, (tx) =>
      admit(ctx, tx, { found, verificationId, known, given: password !== undefined }),
    );
  });

/**
 * Completes the sign-up and voids the other sign-ups of its address.
 * @param password.known whether the caller sent the password of this sign-up
 * @param password.given whether the caller sent a password
 * @throws AppError `TOKEN_INVALID`, `INVALID_CREDENTIALS`
 */
async function admit(
  ctx: CountedCall & { auditEntry: AuditEntryDraft },
  tx: Tx,
  {
    found,
    verificationId,
    ...password
  }: { found: FoundSignUp; verificationId: string; known: boolean; given: boolean },
): Promise<{ email: string }> {
  const { email } = found.signUp;
  const pending = await lockPendingSignUps(tx, email);
  const signUp = pending.find((one) => one.verificationId === verificationId && one.isLinkLive);
  if (!signUp) throw tokenInvalid();
  const others = pending.filter(({ id }) => id !== signUp.id);
  if (others.length > 0 && !password.known) throw passwordNeeded(found, password.given);

  const userId = await admitSignUp(tx, signUp).catch((error: unknown) => {
    // A concurrent request created the account, for another sign-up or an invite.
    throw violatesUnique(error, 'users_email_key') ? tokenInvalid() : error;
  });
  await voidSignUps(tx, others);
  ctx.auditEntry.note({ entityId: userId, actor: { type: 'user', id: userId } });
  await ctx.auditEntry.write(tx, 'success');
  return { email };
}

/** Names the sign-up, so that the person who made it can recognize it. Only the holder of the token sees this error. */
function passwordNeeded({ signUp, tenantName, tenantSlug }: FoundSignUp, given: boolean): AppError {
  const which = describeSignUp({ tenantName, tenantSlug, createdAt: signUp.createdAt });
  return new AppError(
    'INVALID_CREDENTIALS',
    given
      ? `This is not the password of the sign-up for the tenant ${which}.`
      : `This address has several pending sign-ups. If you made the one for the tenant ${which}, enter the password that you chose for it.`,
  );
}
