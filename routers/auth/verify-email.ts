import { and, eq, gt, isNull, ne } from 'drizzle-orm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { AppError } from '../../core/errors.ts';
import { idOfMailedToken, mailedTokenMatches } from '../../core/mailed-token.ts';
import { violatesUnique } from '../../db/errors.ts';
import { memberships, signUps } from '../../db/lobby.ts';
import { insertUser } from '../../db/users.ts';
import { publicProcedure } from '../procedures.ts';

/** Turns a sign-up into a user who is the tenant's admin. */
export const verifyEmail = publicProcedure
  .meta({
    openapi: { method: 'POST', path: '/auth/verify-email', tags: ['auth'], summary: 'Prove an e-mail by its token' },
    audit: { action: 'user.verify_email', entityType: 'user' },
  })
  .input(z.strictObject({ token: z.string().max(500) }))
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
            gt(signUps.verificationExpiresAt, new Date()),
            isNull(signUps.verifiedAt),
            isNull(signUps.voidedAt),
          ),
        )
        .for('update');
      if (!signUp) throw tokenInvalid();
      const { id, email, fullName, passwordHash, tenantId } = signUp;
      if (!mailedTokenMatches(ctx.secretKeys, token, { kind: 'verify-email', id: verificationId, email })) {
        throw tokenInvalid();
      }

      const userId = uuidv7();
      await insertUser(tx, { id: userId, email, fullName, passwordHash }).catch((error: unknown) => {
        // The address got its account in the meantime, by another sign-up or an invite.
        throw violatesUnique(error, 'users_email_key') ? tokenInvalid() : error;
      });
      await tx.insert(memberships).values({ userId, tenantId, role: 'admin' });
      const now = new Date();
      await tx.update(signUps).set({ verifiedAt: now }).where(eq(signUps.id, id));
      await tx
        .update(signUps)
        .set({ voidedAt: now })
        .where(and(eq(signUps.email, email), ne(signUps.id, id), isNull(signUps.voidedAt)));

      ctx.trail.note({ entityId: userId, actorId: userId });
      await ctx.trail.write(tx, 'success');
      return { email };
    });
  });

/** One answer for unknown, used, expired and revoked tokens. */
function tokenInvalid(): AppError {
  return new AppError('TOKEN_INVALID', 'The link is unknown, used or expired: ask for a new one.');
}
