import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { AppError } from '../../core/errors.ts';
import { assertStrongPassword } from '../../core/passwords.ts';
import { enterAsUser } from '../../db/enter.ts';
import { users } from '../../db/lobby.ts';
import { replacePassword } from '../../db/sessions.ts';
import { wordsAbout } from '../../db/users.ts';
import { takeFailures } from '../limits.ts';
import { unboundUserProcedure } from '../procedures.ts';

/** Sets a new password by the current one, and ends the user's other sessions. */
export const changePassword = unboundUserProcedure
  .meta({
    openapi: { method: 'POST', path: '/auth/change-password', tags: ['auth'], summary: 'Change the password' },
    refusals: ['INVALID_CREDENTIALS', 'CONFLICT', 'PASSWORD_TOO_WEAK'],
    successStatus: 204,
    audit: { action: 'user.change_password', entityType: 'user' },
  })
  .input(z.strictObject({ currentPassword: z.string(), newPassword: z.string() }))
  .output(z.null())
  .mutation(async ({ ctx, input: { currentPassword, newPassword } }) => {
    const { caller, user } = ctx;
    ctx.trail.note({ entityId: user.id });
    const { known, words } = await ctx.pool.transaction({ readOnly: true }, async (tx) => {
      const [row] = await tx.select({ passwordHash: users.passwordHash }).from(users).where(eq(users.id, user.id));
      return { known: row, words: await wordsAbout(tx, user) };
    });
    assertStrongPassword(newPassword, words);
    // Whoever has got hold of an access token may guess no more often than anyone at the login.
    await takeFailures(ctx, ['loginFailuresByAccount', user.email], ['INVALID_CREDENTIALS'], async () => {
      // No connection is held while Argon2 works.
      if (await ctx.passwords.verify(known?.passwordHash, currentPassword)) return;
      throw new AppError('INVALID_CREDENTIALS', 'The current password is wrong.');
    });
    const to = await ctx.passwords.hash(newPassword);

    await enterAsUser(ctx.pool, { caller, readOnly: false, admitted: true }, async ({ tx, actor }) => {
      const change = { userId: user.id, email: user.email, to, keep: actor.sessionId };
      if (!(await replacePassword(tx, { ...change, ...(known && { from: known.passwordHash }) }))) {
        throw new AppError('CONFLICT', 'The password was changed elsewhere at this moment: try again.');
      }
      await ctx.trail.write(tx, 'success');
    });
    return null;
  });
