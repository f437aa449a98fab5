import { z } from 'zod';
import { enterAsUser } from '../../db/entering/enter.ts';
import { unboundUserProcedure } from '../procedures/levels.ts';
import { loginShape, tokenInput } from '../shapes.ts';
import { answerRotation, countRefresh, rotate } from './rotation.ts';

/**
 * Returns a pair of tokens for another tenant of the user, in the same session. Like a refresh, it uses up the refresh
 * token, because an access token alone must not be enough to get a refresh token.
 */
export const switchTenant = unboundUserProcedure
  .meta({
    openapi: {
      method: 'POST',
      path: '/auth/switch-tenant',
      tags: ['auth'],
      summary: 'Switch this session to another tenant',
    },
    refusals: ['REFRESH_REUSED', 'TENANT_NOT_FOUND'],
    audit: { action: 'session.switch_tenant', entityType: 'session' },
  })
  .input(z.strictObject({ tenantSlug: z.string().max(100), refreshToken: tokenInput }))
  .output(loginShape)
  .mutation(async ({ ctx, input: { tenantSlug, refreshToken } }) => {
    const { caller, secretKeys, auditEntry } = ctx;
    auditEntry.note({ entityId: caller.sessionId });
    await countRefresh(ctx, refreshToken, caller.sessionId);
    // This transaction commits before the call is refused, so that a reuse ends the session.
    const rotation = await enterAsUser(ctx.pool, { caller, readOnly: false, admitted: true }, ({ tx }) =>
      rotate(tx, { secretKeys, auditEntry, token: refreshToken, tenantSlug }),
    );
    return await answerRotation(ctx, rotation);
  });
