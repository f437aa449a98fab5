import { and, eq, exists, gt, inArray, isNotNull, isNull, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { unauthenticated } from '../../core/access-token.ts';
import { AppError } from '../../core/errors.ts';
import type { SecretKeys } from '../../core/keys.ts';
import {
  hashRefreshToken,
  isRefreshToken,
  mintRefreshToken,
  openSuccessor,
  REFRESH_TOKEN,
  sealSuccessor,
} from '../../core/refresh-token.ts';
import type { User } from '../../db/callers.ts';
import { refreshTokens, sessions, users } from '../../db/lobby.ts';
import type { Tx } from '../../db/lane.ts';
import { storeRefreshToken } from '../../db/refresh-tokens.ts';
import { take } from '../limits.ts';
import { publicProcedure } from '../procedures.ts';
import { loginShape, tokenInput } from '../shapes.ts';
import type { Trail } from '../trail.ts';
import { findScope, issueTokens, type Scope } from './issue.ts';

/** What a refresh leads to: a successor token, or the end of the session that the token was stolen from. */
type Rotation = { user: User; sessionId: string; scope: Scope | null; refreshToken: string } | 'reused';

/** Trades a refresh token for a new pair, in the tenant it had or in another of the user's. */
export const refresh = publicProcedure
  .meta({
    openapi: { method: 'POST', path: '/auth/refresh', tags: ['auth'], summary: 'Trade a refresh token for a new pair' },
    refusals: ['UNAUTHENTICATED', 'REFRESH_REUSED', 'TENANT_NOT_FOUND'],
    audit: { action: 'session.refresh', entityType: 'session' },
  })
  .input(z.strictObject({ refreshToken: tokenInput, tenantSlug: z.string().max(100).optional() }))
  .output(loginShape)
  .mutation(async ({ ctx, input: { refreshToken, tenantSlug = ctx.request.tenantSlug } }) => {
    if (!isRefreshToken(refreshToken)) throw unauthenticated();
    const sessionId = await ctx.pool.transaction({ readOnly: true }, (tx) => findSessionId(tx, refreshToken));
    if (sessionId === undefined) throw unauthenticated();
    await take(ctx, ['refreshesBySession', sessionId]);
    const rotation = await ctx.pool.transaction({ readOnly: false }, (tx) =>
      rotate(tx, { secretKeys: ctx.secretKeys, trail: ctx.trail, token: refreshToken, tenantSlug }),
    );
    if (rotation === 'reused') {
      ctx.trail.settle();
      throw new AppError('REFRESH_REUSED', 'This refresh token was used before: the session is ended, log in again.');
    }
    return await issueTokens(ctx.accessTokens, rotation);
  });

/** The session that a token is of, live or not. */
async function findSessionId(tx: Tx, token: string): Promise<string | undefined> {
  const [row] = await tx
    .select({ sessionId: refreshTokens.sessionId })
    .from(refreshTokens)
    .where(eq(refreshTokens.tokenHash, hashRefreshToken(token)));
  return row?.sessionId;
}

async function rotate(
  tx: Tx,
  call: { secretKeys: SecretKeys; trail: Trail; token: string; tenantSlug: string | undefined },
): Promise<Rotation> {
  const tokenHash = hashRefreshToken(call.token);
  // One after the other for each session: a switch of the tenant, too, waits here and is seen.
  await tx
    .update(sessions)
    .set({ lastSeenAt: sql`now()` })
    .where(
      inArray(
        sessions.id,
        tx.select({ id: refreshTokens.sessionId }).from(refreshTokens).where(eq(refreshTokens.tokenHash, tokenHash)),
      ),
    );
  const successor = mintRefreshToken();
  const liveSession = tx
    .select({ one: sql`1` })
    .from(sessions)
    .where(
      and(eq(sessions.id, refreshTokens.sessionId), isNull(sessions.revokedAt), gt(sessions.expiresAt, sql`now()`)),
    );
  // One atomic step: of any number of callers at once, one gets the row.
  const [taken] = await tx
    .update(refreshTokens)
    .set({ usedAt: sql`now()`, successor: sealSuccessor(call.secretKeys, call.token, successor) })
    .where(
      and(
        eq(refreshTokens.tokenHash, tokenHash),
        isNull(refreshTokens.usedAt),
        gt(refreshTokens.expiresAt, sql`now()`),
        exists(liveSession),
      ),
    )
    .returning();

  const holder = await findHolder(tx, tokenHash);
  if (!holder) throw unauthenticated();
  const { user, session, token } = holder;
  call.trail.note({ entityId: session.id, actor: { type: 'user', id: user.id }, tenantId: token.tenantId });

  const refreshToken = taken ? successor : reopen(call, token);
  if (refreshToken === undefined) {
    await tx
      .update(sessions)
      .set({ revokedAt: sql`now()` })
      .where(eq(sessions.id, session.id));
    await call.trail.write(tx, 'failure');
    return 'reused';
  }
  const scope = await scopeOf(tx, user.id, call.tenantSlug, token.tenantId);
  if (taken) {
    const tenantId = scope?.tenant.id ?? null;
    await storeRefreshToken(tx, {
      value: successor,
      sessionId: session.id,
      tenantId,
      sessionExpiresAt: session.expiresAt,
      ...(token.retiredAt && { retired: { at: token.retiredAt, expiresAt: token.expiresAt } }),
    });
    await forgetOldSuccessors(tx, session.id);
  }
  await call.trail.write(tx, 'success');
  return { user, sessionId: session.id, scope, refreshToken };
}

/** The successor that was given out at the first use, while the grace lasts: two tabs that refresh at once both go on. */
function reopen(
  call: { secretKeys: SecretKeys; token: string },
  token: { successor: Uint8Array | null; inGrace: boolean },
): string | undefined {
  if (!token.inGrace || token.successor === null) return undefined;
  return openSuccessor(call.secretKeys, call.token, token.successor);
}

/** The token's session and user, if they are live; the database's clock decides. */
async function findHolder(tx: Tx, tokenHash: Uint8Array) {
  const [row] = await tx
    .select({
      user: { id: users.id, email: users.email, fullName: users.fullName, createdAt: users.createdAt },
      session: { id: sessions.id, expiresAt: sessions.expiresAt },
      token: {
        tenantId: refreshTokens.tenantId,
        retiredAt: refreshTokens.retiredAt,
        expiresAt: refreshTokens.expiresAt,
        successor: refreshTokens.successor,
        inGrace: sql<boolean>`coalesce(${refreshTokens.usedAt} > now() - make_interval(secs => ${REFRESH_TOKEN.graceSeconds}), false)`,
      },
    })
    .from(refreshTokens)
    .innerJoin(sessions, eq(sessions.id, refreshTokens.sessionId))
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(
      and(
        eq(refreshTokens.tokenHash, tokenHash),
        gt(refreshTokens.expiresAt, sql`now()`),
        isNull(sessions.revokedAt),
        gt(sessions.expiresAt, sql`now()`),
        isNull(users.disabledAt),
      ),
    );
  return row;
}

async function scopeOf(
  tx: Tx,
  userId: string,
  slug: string | undefined,
  tenantId: string | null,
): Promise<Scope | null> {
  if (slug !== undefined) return await findScope(tx, userId, { slug });
  return tenantId === null ? null : await findScope(tx, userId, { id: tenantId });
}

/** Past its grace a successor is of no more use to anyone. */
async function forgetOldSuccessors(tx: Tx, sessionId: string): Promise<void> {
  await tx
    .update(refreshTokens)
    .set({ successor: null })
    .where(
      and(
        eq(refreshTokens.sessionId, sessionId),
        isNotNull(refreshTokens.successor),
        lt(refreshTokens.usedAt, sql`now() - make_interval(secs => ${REFRESH_TOKEN.graceSeconds})`),
      ),
    );
}
