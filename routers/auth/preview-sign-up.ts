import { z } from 'zod';
import { publicProcedure } from '../procedures/levels.ts';
import { time, tokenInput } from '../shapes.ts';
import { findByToken } from './sign-up-by-token.ts';

/** Shows which sign-up a mailed link belongs to, so that nobody confirms one of a stranger. It does not use up the token. */
export const previewSignUp = publicProcedure
  .meta({
    openapi: {
      method: 'GET',
      path: '/auth/verify-email/preview',
      tags: ['auth'],
      summary: 'Show which sign-up a mailed token belongs to',
    },
    refusals: ['TOKEN_INVALID'],
    audit: { action: 'user.preview_sign_up', entityType: 'user' },
  })
  .input(z.strictObject({ token: tokenInput }))
  .output(
    z
      .object({
        tenantName: z.string(),
        tenantSlug: z.string(),
        signedUpAt: time,
        needsPassword: z.boolean().describe('Whether the address has several pending sign-ups'),
      })
      .meta({ id: 'SignUpPreview' }),
  )
  .query(({ ctx, input }) =>
    ctx.pool.transaction({ readOnly: true }, async (tx) => {
      const { signUp, tenantName, tenantSlug, isOneOfSeveral } = await findByToken(tx, ctx.secretKeys, input.token);
      return { tenantName, tenantSlug, signedUpAt: signUp.createdAt.toISOString(), needsPassword: isOneOfSeveral };
    }),
  );
