import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { AppError } from '../../core/errors.ts';
import { mintRefreshToken } from '../../core/auth/refresh-token.ts';
import { enterAsUser } from '../../db/entering/enter.ts';
import { users } from '../../db/tables/lobby.ts';
import { retireRefreshTokens, storeRefreshToken } from '../../db/identity/refresh-tokens.ts';
import { replacePassword } from '../../db/identity/sessions.ts';
import { wordsAbout } from '../../db/identity/users.ts';
import { take } from '../procedures/limits.ts';
import { assertNewPassword } from './new-password.ts';
import { unboundUserProcedure } from '../procedures/levels.ts';
import { loginShape } from '../shapes.ts';
import { issueTokens, lookUpScope } from './issue.ts';

/**
 * Sets a new password, for a user who knows the current one, and ends their other sessions. This session continues with a
 * new pair of tokens, in the tenant of the bearer. Its older refresh tokens are retired, because one may have been stolen.
 */
export const changePassword = unboundUserProcedure
  .meta({
    openapi: { method: 'POST', path: '/auth/change-password', tags: ['auth'], summary: 'Change my password' },
    refusals: ['INVALID_CREDENTIALS', 'CONFLICT', 'PASSWORD_TOO_WEAK'],
    audit: { action: 'user.change_password', entityType: 'user' },
  })
  .input(z.strictObject({ currentPassword: z.string(), newPassword: z.string() }))
  .output(loginShape)
  .mutation(async ({ ctx, input: { currentPassword, newPassword } }) => {
    const { caller, user } = ctx;
    ctx.auditEntry.note({ entityId: user.id });
    const { known, words } = await ctx.pool.transaction({ readOnly: true }, async (tx) => {
      const [row] = await tx.select({ passwordHash: users.passwordHash }).from(users).where(eq(users.id, user.id));
      return { known: row, words: await wordsAbout(tx, user) };
    });
    await assertNewPassword(ctx, `user ${user.id}`, newPassword, words);
    const owners = [`account ${user.email}`];
    // The limit of failed logins applies here too, so that a stolen access token allows no more guesses.
    await take(ctx, ['loginFailuresByAccount', user.email]);
    // No connection is held while Argon2 works.
    if (!(await ctx.passwords.verify(known?.passwordHash, currentPassword, owners))) {
      throw new AppError('INVALID_CREDENTIALS', 'The current password is wrong.');
    }
    const to = await ctx.passwords.hash(newPassword, owners);

    const grant = await enterAsUser(ctx.pool, { caller, readOnly: false, admitted: true }, async ({ tx }) => {
      const { sessionId, tenantId } = caller;
      const change = { userId: user.id, email: user.email, to, keep: sessionId };
      if (!(await replacePassword(tx, { ...change, ...(known && { from: known.passwordHash }) }))) {
        throw new AppError('CONFLICT', 'Another request changed the password at the same time. Retry the request.');
      }
      const sessionExpiresAt = await retireRefreshTokens(tx, sessionId);
      // A user who is no longer a member of the bearer's tenant can still change the password.
      const scope = tenantId === undefined ? undefined : await lookUpScope(tx, user.id, { id: tenantId });
      const refreshToken = mintRefreshToken();
      const next = { value: refreshToken, sessionId, tenantId: scope?.tenant.id ?? null, sessionExpiresAt };
      await storeRefreshToken(tx, next);
      await ctx.auditEntry.write(tx, 'success');
      return { user, sessionId, scope: scope ?? null, refreshToken };
    });
    return await issueTokens(ctx.accessTokens, grant);
  });
