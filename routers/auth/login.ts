import { and, desc, eq, inArray, isNull, or } from 'drizzle-orm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { emailSchema } from '../../core/mail/address.ts';
import { DAY_MS } from '../../core/duration.ts';
import { AppError } from '../../core/errors.ts';
import { passwordTags } from '../../core/auth/password-tag.ts';
import { mintRefreshToken, REFRESH_TOKEN } from '../../core/auth/refresh-token.ts';
import { fromNow } from '../../db/connection/clock.ts';
import { sessions, signUps, users } from '../../db/tables/lobby.ts';
import type { Tx } from '../../db/connection/lane.ts';
import { storeRefreshToken } from '../../db/identity/refresh-tokens.ts';
import type { Context } from '../procedures/context.ts';
import { byAddress, take } from '../procedures/limits.ts';
import { publicProcedure } from '../procedures/levels.ts';
import { loginShape } from '../shapes.ts';
import type { AuditEntryDraft } from '../procedures/audit-entry.ts';
import { findScope, issueTokens, type Scope } from './issue.ts';

type Call = Context & { auditEntry: AuditEntryDraft };
type Account = typeof users.$inferSelect;

/** Opens a session: with a tenant, scoped to it; without one, to the lobby. */
export const login = publicProcedure
  .meta({
    openapi: { method: 'POST', path: '/auth/login', tags: ['auth'], summary: 'Log in, to a tenant or without one' },
    refusals: ['INVALID_CREDENTIALS', 'EMAIL_NOT_VERIFIED', 'TENANT_NOT_FOUND'],
    audit: { action: 'user.login', entityType: 'user' },
  })
  .input(z.strictObject({ email: emailSchema, password: z.string(), tenantSlug: z.string().max(100).optional() }))
  .output(loginShape)
  .mutation(async ({ ctx, input: { email, password, tenantSlug = ctx.request.tenantSlug } }) => {
    const [, address] = byAddress(ctx);
    await take(ctx, ['loginsByAccountAndAddress', `${email} ${address}`], ['loginFailuresByAccount', email]);
    const attempt = { email, password, tenantSlug };
    // The account may change while Argon2 works; perhaps another login makes its hash anew. Then once more, as it is now.
    const opened = (await tryLogin(ctx, attempt)) ?? (await tryLogin(ctx, attempt));
    if (!opened) throw invalidCredentials();
    return await issueTokens(ctx.accessTokens, opened);
  });

/**
 * @returns nothing where the account is not what it was when its password was checked
 * @throws AppError `INVALID_CREDENTIALS`, `EMAIL_NOT_VERIFIED`, `TENANT_NOT_FOUND`, `OVERLOADED`
 */
async function tryLogin(
  ctx: Call,
  { email, password, tenantSlug }: { email: string; password: string; tenantSlug: string | undefined },
) {
  const user = await checkPassword(ctx, email, password);
  const upgraded = ctx.passwords.isOutdated(user.passwordHash) ? await ctx.passwords.hash(password) : undefined;

  ctx.auditEntry.note({ entityId: user.id });
  const refreshToken = mintRefreshToken();
  const sessionId = uuidv7();
  return await ctx.pool.transaction({ readOnly: false }, async (tx) => {
    if (!(await holdUnchanged(tx, user, upgraded === undefined ? 'share' : 'no key update'))) return undefined;
    ctx.auditEntry.note({ actor: { type: 'user', id: user.id } });
    const scope: Scope | null = tenantSlug === undefined ? null : await findScope(tx, user.id, { slug: tenantSlug });
    const tenantId = scope?.tenant.id ?? null;
    const expiresAt = fromNow(REFRESH_TOKEN.sessionDays * DAY_MS);
    const { ipAddress, userAgent } = ctx.request;
    await tx.insert(sessions).values({ id: sessionId, userId: user.id, userAgent, ipAddress, expiresAt });
    await storeRefreshToken(tx, { value: refreshToken, sessionId, tenantId, sessionExpiresAt: expiresAt });
    if (upgraded !== undefined) await tx.update(users).set({ passwordHash: upgraded }).where(eq(users.id, user.id));
    ctx.auditEntry.note({ tenantId });
    await ctx.auditEntry.write(tx, 'success');
    return { user, sessionId, scope, refreshToken };
  });
}

/** @throws AppError `INVALID_CREDENTIALS`, `EMAIL_NOT_VERIFIED`, `OVERLOADED` */
async function checkPassword(ctx: Call, email: string, password: string): Promise<Account> {
  const { user, signUp } = await findByEmail(ctx, email, password);
  const owners = [`account ${email}`];
  // No connection is held while Argon2 works.
  const known = await ctx.passwords.verify(user?.passwordHash, password, owners);
  if (user && known && user.disabledAt === null) return user;
  // A failed login costs two verifications, whoever it was.
  const unverified = await ctx.passwords.verify(signUp?.passwordHash ?? undefined, password, owners);
  if (user) ctx.auditEntry.note({ entityId: user.id });
  throw unverified
    ? new AppError(
        'EMAIL_NOT_VERIFIED',
        'This e-mail address is not verified. Open the link in the mail that we sent you, then log in.',
      )
    : invalidCredentials();
}

function invalidCredentials(): AppError {
  return new AppError('INVALID_CREDENTIALS', 'The e-mail address or the password is wrong.');
}

/**
 * Holds the account as it was when its password was checked, until the transaction ends: one whose password was changed, or
 * that was disabled, while Argon2 worked opens no session.
 */
async function holdUnchanged(tx: Tx, { id, passwordHash }: Account, lock: 'share' | 'no key update'): Promise<boolean> {
  const held = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.id, id), eq(users.passwordHash, passwordHash), isNull(users.disabledAt)))
    .for(lock);
  return held.length > 0;
}

/** The account of an address, and the unverified sign-up that the password may be of. Both are always looked for. */
function findByEmail({ pool, secretKeys }: Call, email: string, password: string) {
  const mayBeOf = or(
    inArray(signUps.passwordTag, passwordTags(secretKeys, email, password)),
    isNull(signUps.passwordTag),
  );
  return pool.transaction({ readOnly: true }, async (tx) => {
    const [[user], [signUp]] = await Promise.all([
      tx.select().from(users).where(eq(users.email, email)),
      tx
        .select({ passwordHash: signUps.passwordHash })
        .from(signUps)
        // Voided ones too: who signed up with another's address must not learn from it that the other has verified.
        .where(and(eq(signUps.email, email), isNull(signUps.verifiedAt), mayBeOf))
        .orderBy(desc(signUps.createdAt))
        .limit(1),
    ]);
    return { user, signUp };
  });
}
