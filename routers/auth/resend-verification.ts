import { and, desc, eq, isNull } from 'drizzle-orm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { emailSchema } from '../../core/email.ts';
import { signUps } from '../../db/lobby.ts';
import { enqueue } from '../../db/outbox.ts';
import { publicProcedure } from '../procedures.ts';
import { VERIFICATION_MS } from './register.ts';

/** Sign-ups of one address that get a new mail: strangers may have made some, so not the newest alone. */
const MAILS_AT_MOST = 3;

/** Sends new links for the sign-ups of an address. The answer says nothing of whether there are any. */
export const resendVerification = publicProcedure
  .meta({
    openapi: {
      method: 'POST',
      path: '/auth/resend-verification',
      tags: ['auth'],
      summary: 'Send the verification mail again',
    },
    successStatus: 202,
    audit: { action: 'user.resend_verification', entityType: 'user' },
  })
  .input(z.strictObject({ email: emailSchema }))
  .output(z.strictObject({}))
  .mutation(({ ctx, input: { email } }) =>
    ctx.pool.transaction({ readOnly: false }, async (tx) => {
      const pending = await tx
        .select({ id: signUps.id, tenantId: signUps.tenantId })
        .from(signUps)
        .where(and(eq(signUps.email, email), isNull(signUps.verifiedAt), isNull(signUps.voidedAt)))
        .orderBy(desc(signUps.createdAt))
        .limit(MAILS_AT_MOST);
      for (const { id, tenantId } of pending) {
        await tx
          .update(signUps)
          .set({ verificationId: uuidv7(), verificationExpiresAt: new Date(Date.now() + VERIFICATION_MS) })
          .where(eq(signUps.id, id));
        await enqueue(tx, tenantId, { kind: 'email.send', payload: { template: 'verify-email', signUpId: id } });
      }
      await ctx.trail.write(tx, 'success');
      return {};
    }),
  );
