import { and, eq, gt, isNull } from 'drizzle-orm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { emailSchema } from '../../core/mail/address.ts';
import { idOfMailedToken, mailedTokenMatches, tokenInvalid } from '../../core/auth/mailed-token.ts';
import { now } from '../../db/connection/clock.ts';
import { violatesUnique } from '../../db/connection/errors.ts';
import { mailRequests, users } from '../../db/tables/lobby.ts';
import type { Tx } from '../../db/connection/lane.ts';
import { replacePassword, voidResets } from '../../db/identity/sessions.ts';
import {
  admitUnderNewPassword,
  findPendingSignUps,
  lockPendingSignUps,
  voidSignUps,
} from '../../db/identity/sign-ups.ts';
import { insertUser, wordsAbout } from '../../db/identity/users.ts';
import { requestMail } from '../procedures/costs.ts';
import { take } from '../procedures/limits.ts';
import { assertNewPassword } from './new-password.ts';
import { publicProcedure } from '../procedures/levels.ts';
import { emptyShape, tokenInput } from '../shapes.ts';

const tags = ['auth'];

/** Requests a mail with a reset link. Only the worker looks up the address, so the answer is the same for every address. */
export const requestPasswordReset = publicProcedure
  .meta({
    openapi: { method: 'POST', path: '/auth/password-reset', tags, summary: 'Request a password reset mail' },
    successStatus: 202,
    audit: { action: 'user.request_password_reset', entityType: 'user' },
  })
  .input(z.strictObject({ email: emailSchema }))
  .output(emptyShape)
  .mutation(async ({ ctx, input: { email } }) => {
    await take(ctx, ['mailsByRecipient', email]);
    return await ctx.pool.transaction({ readOnly: false }, async (tx) => {
      await requestMail(ctx, tx, 'reset-password', email);
      await ctx.auditEntry.write(tx, 'success');
      return {};
    });
  });

/**
 * Sets a new password with the token of a reset mail, and ends all sessions of the user. The token also verifies the
 * address: if the address has sign-ups but no account yet, an account is created.
 */
export const resetPassword = publicProcedure
  .meta({
    openapi: {
      method: 'POST',
      path: '/auth/password-reset/confirm',
      tags,
      summary: 'Set a new password with a mailed token',
    },
    refusals: ['TOKEN_INVALID', 'PASSWORD_TOO_WEAK'],
    successStatus: 204,
    audit: { action: 'user.reset_password', entityType: 'user' },
  })
  .input(z.strictObject({ token: tokenInput, newPassword: z.string() }))
  .output(z.null())
  .mutation(async ({ ctx, input: { token, newPassword } }) => {
    const requestId = idOfMailedToken(token);
    if (requestId === undefined) throw tokenInvalid();
    const holder = await ctx.pool.transaction({ readOnly: true }, (tx) => findHolder(tx, requestId));
    if (
      !holder ||
      !mailedTokenMatches(ctx.secretKeys, token, { kind: 'reset-password', id: requestId, email: holder.email })
    ) {
      throw tokenInvalid();
    }
    await assertNewPassword(ctx, `link ${requestId}`, newPassword, holder.words);
    // No connection is held while Argon2 works.
    const passwordHash = await ctx.passwords.hash(newPassword);

    await ctx.pool.transaction({ readOnly: false }, async (tx) => {
      await useUp(tx, requestId, holder.email);
      const userId = await setPassword(tx, holder.email, passwordHash);
      ctx.auditEntry.note({ entityId: userId, actor: { type: 'user', id: userId } });
      await ctx.auditEntry.write(tx, 'success');
    });
    return null;
  });

/**
 * Uses up a link and all other links of its address. The rows are locked in the order of their ids, so concurrent resets
 * cannot deadlock, and only one of them succeeds.
 * @throws AppError `TOKEN_INVALID`
 */
async function useUp(tx: Tx, requestId: string, email: string): Promise<void> {
  const open = await tx
    .select({ id: mailRequests.id })
    .from(mailRequests)
    .where(and(eq(mailRequests.email, email), isLive))
    .orderBy(mailRequests.id)
    .for('update');
  if (!open.some(({ id }) => id === requestId)) throw tokenInvalid();
  await voidResets(tx, email);
}

const isLive = and(
  eq(mailRequests.kind, 'reset-password'),
  isNull(mailRequests.usedAt),
  gt(mailRequests.expiresAt, now()),
);

/** Returns the address of the request, and the words that a new password must not consist of. */
async function findHolder(tx: Tx, requestId: string): Promise<{ email: string; words: string[] } | undefined> {
  const [request] = await tx
    .select({ email: mailRequests.email })
    .from(mailRequests)
    .where(and(eq(mailRequests.id, requestId), isLive));
  if (!request) return undefined;
  const { email } = request;
  const [user] = await tx.select().from(users).where(eq(users.email, email));
  if (user) return { email, words: await wordsAbout(tx, user) };
  const [only, another] = await findPendingSignUps(tx, email);
  if (!only) return undefined;
  // With several sign-ups, the account takes over none of their names, so the names need no check.
  if (another) return { email, words: [email] };
  return { email, words: [email, only.signUp.fullName, only.tenantName, only.tenantSlug] };
}

/** Sets the password, and creates the account if there is none. @returns the user's id @throws AppError `TOKEN_INVALID` */
async function setPassword(tx: Tx, email: string, passwordHash: string): Promise<string> {
  const [user] = await tx.select({ id: users.id }).from(users).where(eq(users.email, email));
  if (user) {
    if (!(await replacePassword(tx, { userId: user.id, email, to: passwordHash }))) throw tokenInvalid();
    return user.id;
  }
  return await createAccount(tx, email, passwordHash).catch((error: unknown) => {
    // A concurrent request created the account.
    throw violatesUnique(error, 'users_email_key') ? tokenInvalid() : error;
  });
}

/**
 * Creates the account of an address that has only sign-ups. A single sign-up is completed. If there are several, strangers
 * may have made some of them, so the account takes over no tenant and no name, and all of them are voided.
 * @returns the user's id
 */
async function createAccount(tx: Tx, email: string, passwordHash: string): Promise<string> {
  const pending = await lockPendingSignUps(tx, email);
  const [only, another] = pending;
  if (!only) throw tokenInvalid();
  if (!another) return await admitUnderNewPassword(tx, { ...only, passwordHash });
  const id = uuidv7();
  await insertUser(tx, { id, email, fullName: nameFrom(email), passwordHash });
  await voidSignUps(tx, pending);
  return id;
}

/** Returns the part before the `@`. The user can change the name with `users.updateMe`. */
function nameFrom(email: string): string {
  return email.slice(0, email.lastIndexOf('@'));
}
