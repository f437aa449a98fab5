import { and, eq, gt, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { idOfMailedToken, mailedTokenMatches, tokenInvalid } from '../../core/mailed-token.ts';
import { violatesUnique } from '../../db/errors.ts';
import { signUps } from '../../db/lobby.ts';
import { admitSignUp, lockSignUps } from '../../db/sign-ups.ts';
import { publicProcedure } from '../procedures.ts';
import { tokenInput } from '../shapes.ts';

/** Turns a sign-up into a user who is the tenant's admin. */
export const verifyEmail = publicProcedure
  .meta({
    openapi: { method: 'POST', path: '/auth/verify-email', tags: ['auth'], summary: 'Prove an e-mail by its token' },
    refusals: ['TOKEN_INVALID'],
    audit: { action: 'user.verify_email', entityType: 'user' },
  })
  .input(z.strictObject({ token: tokenInput }))
  .output(z.object({ email: z.email() }))
  .mutation(async ({ ctx, input: { token } }) => {
    const verificationId = idOfMailedToken(token);
    if (verificationId === undefined) throw tokenInvalid();

    return await ctx.pool.transaction({ readOnly: false }, async (tx) => {
      const [signUp] = await tx
        .select()
        .from(signUps)
        .where(
          and(
            eq(signUps.verificationId, verificationId),
            gt(signUps.verificationExpiresAt, sql`now()`),
            isNull(signUps.verifiedAt),
            isNull(signUps.voidedAt),
          ),
        );
      if (!signUp) throw tokenInvalid();
      const { id, email, fullName, passwordHash, tenantId } = signUp;
      if (!mailedTokenMatches(ctx.secretKeys, token, { kind: 'verify-email', id: verificationId, email })) {
        throw tokenInvalid();
      }
      const pending = await lockSignUps(tx, email);
      if (!pending.some((one) => one.verificationId === verificationId)) throw tokenInvalid();

      const userId = await admitSignUp(tx, { id, email, fullName, passwordHash, tenantId }).catch((error: unknown) => {
        // The address got its account in the meantime, by another sign-up or an invite.
        throw violatesUnique(error, 'users_email_key') ? tokenInvalid() : error;
      });
      ctx.trail.note({ entityId: userId, actor: { type: 'user', id: userId } });
      await ctx.trail.write(tx, 'success');
      return { email };
    });
  });
