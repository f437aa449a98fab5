import { z } from 'zod';
import { emailSchema } from '../../core/mail/address.ts';
import { requestMail } from '../procedures/costs.ts';
import { take } from '../procedures/limits.ts';
import { publicProcedure } from '../procedures/levels.ts';
import { emptyShape } from '../shapes.ts';

/** Requests new links for the sign-ups of an address. Only the worker looks them up, so the answer is always the same. */
export const resendVerification = publicProcedure
  .meta({
    openapi: {
      method: 'POST',
      path: '/auth/resend-verification',
      tags: ['auth'],
      summary: 'Resend the verification mail',
    },
    successStatus: 202,
    audit: { action: 'user.resend_verification', entityType: 'user' },
  })
  .input(z.strictObject({ email: emailSchema }))
  .output(emptyShape)
  .mutation(async ({ ctx, input: { email } }) => {
    await take(ctx, ['mailsByRecipient', email]);
    return await ctx.pool.transaction({ readOnly: false }, async (tx) => {
      await requestMail(ctx, tx, 'verify-email', email);
      await ctx.auditEntry.write(tx, 'success');
      return {};
    });
  });
