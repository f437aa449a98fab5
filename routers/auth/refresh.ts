import { z } from 'zod';
import { publicProcedure } from '../procedures/levels.ts';
import { loginShape, tokenInput } from '../shapes.ts';
import { answerRotation, countRefresh, rotate } from './rotation.ts';

/** Exchanges a refresh token for a new pair, in the same tenant or in another tenant of the user. */
export const refresh = publicProcedure
  .meta({
    openapi: {
      method: 'POST',
      path: '/auth/refresh',
      tags: ['auth'],
      summary: 'Exchange a refresh token for a new pair of tokens',
    },
    refusals: ['UNAUTHENTICATED', 'REFRESH_REUSED', 'TENANT_NOT_FOUND'],
    audit: { action: 'session.refresh', entityType: 'session' },
  })
  .input(z.strictObject({ refreshToken: tokenInput, tenantSlug: z.string().max(100).optional() }))
  .output(loginShape)
  .mutation(async ({ ctx, input: { refreshToken, tenantSlug = ctx.request.tenantSlug } }) => {
    await countRefresh(ctx, refreshToken);
    const { secretKeys, auditEntry } = ctx;
    const rotation = await ctx.pool.transaction({ readOnly: false }, (tx) =>
      rotate(tx, { secretKeys, auditEntry, token: refreshToken, tenantSlug }),
    );
    return await answerRotation(ctx, rotation);
  });
