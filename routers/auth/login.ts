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

/** Opens a session. The tokens are for the given tenant, or for the lobby if no tenant is given. */
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
    // The account may change while Argon2 works, for example if another login upgrades its hash. Then one more attempt
    // reads the new state.
    const opened = (await tryLogin(ctx, attempt)) ?? (await tryLogin(ctx, attempt));
    if (!opened) throw invalidCredentials();
    return await issueTokens(ctx.accessTokens, opened);
  });

/**
 * Checks the password and opens a session.
 * @returns `undefined` if the account changed after its password was checked
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
    if (!(await lockIfUnchanged(tx, user, upgraded === undefined ? 'share' : 'no key update'))) return undefined;
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
  const matches = await ctx.passwords.verify(user?.passwordHash, password, owners);
  if (user && matches && user.disabledAt === null) return user;
  // Every failed login takes two verifications, so its duration does not reveal whether the account exists.
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
 * Locks the account until the transaction ends, if it is still enabled and still has the password that was checked.
 * @returns whether it is unchanged; if not, no session may be opened
 */
async function lockIfUnchanged(
  tx: Tx,
  { id, passwordHash }: Account,
  lock: 'share' | 'no key update',
): Promise<boolean> {
  const held = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.id, id), eq(users.passwordHash, passwordHash), isNull(users.disabledAt)))
    .for(lock);
  return held.length > 0;
}

/** Finds the account of an address and the newest unverified sign-up that may have this password. Always reads both. */
function findByEmail({ pool, secretKeys }: Call, email: string, password: string) {
  const mayHavePassword = or(
    inArray(signUps.passwordTag, passwordTags(secretKeys, email, password)),
    isNull(signUps.passwordTag),
  );
  return pool.transaction({ readOnly: true }, async (tx) => {
    const [[user], [signUp]] = await Promise.all([
      tx.select().from(users).where(eq(users.email, email)),
      tx
        .select({ passwordHash: signUps.passwordHash })
        .from(signUps)
        // Voided sign-ups count too. Otherwise someone who signed up with another person's address could see when that
        // person verified it.
        .where(and(eq(signUps.email, email), isNull(signUps.verifiedAt), mayHavePassword))
        .orderBy(desc(signUps.createdAt))
        .limit(1),
    ]);
    return { user, signUp };
  });
}
