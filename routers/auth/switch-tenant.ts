import { z } from 'zod';
import { mintRefreshToken } from '../../core/refresh-token.ts';
import { retireRefreshTokens, storeRefreshToken } from '../../db/refresh-tokens.ts';
import { userProcedure } from '../procedures.ts';
import { loginShape } from '../shapes.ts';
import { findScope, issueTokens } from './issue.ts';

/**
 * Gives a pair for another of the user's tenants, in the same session. The pair's refresh token takes the place of those
 * before, which run out within their grace: a session goes on by one of them.
 */
export const switchTenant = userProcedure
  .meta({
    openapi: { method: 'POST', path: '/auth/switch-tenant', tags: ['auth'], summary: 'Go on in another tenant' },
    refusals: ['TENANT_NOT_FOUND'],
    audit: { action: 'session.switch_tenant', entityType: 'session' },
  })
  .input(z.strictObject({ tenantSlug: z.string().max(100) }))
  .output(loginShape)
  .mutation(async ({ ctx, input: { tenantSlug } }) => {
    const { sessionId } = ctx.actor;
    ctx.trail.note({ entityId: sessionId });
    const scope = await findScope(ctx.db, ctx.user.id, { slug: tenantSlug });
    const tenantId = scope.tenant.id;
    const sessionExpiresAt = await retireRefreshTokens(ctx.db, sessionId);
    const refreshToken = mintRefreshToken();
    await storeRefreshToken(ctx.db, { value: refreshToken, sessionId, tenantId, sessionExpiresAt });
    ctx.trail.note({ tenantId });
    return await issueTokens(ctx.accessTokens, { user: ctx.user, sessionId, scope, refreshToken });
  });
