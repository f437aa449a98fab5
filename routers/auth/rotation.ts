import { eq, inArray } from 'drizzle-orm';
import type { z } from 'zod';
import { unauthenticated } from '../../core/auth/access-token.ts';
import { AppError } from '../../core/errors.ts';
import type { SecretKeys } from '../../core/secret-keys.ts';
import {
  hashRefreshToken,
  isRefreshToken,
  mintRefreshToken,
  openSuccessor,
  sealSuccessor,
} from '../../core/auth/refresh-token.ts';
import { now } from '../../db/connection/clock.ts';
import type { User } from '../../db/entering/callers.ts';
import { refreshTokens, sessions } from '../../db/tables/lobby.ts';
import type { Tx } from '../../db/connection/lane.ts';
import { findSessionId, storeRefreshToken } from '../../db/identity/refresh-tokens.ts';
import { findTokenHolder, forgetOldSuccessors, takeUnused } from '../../db/identity/refresh-uses.ts';
import type { Context } from '../procedures/context.ts';
import { take, type CountedCall } from '../procedures/limits.ts';
import type { loginShape } from '../shapes.ts';
import type { AuditEntryDraft } from '../procedures/audit-entry.ts';
import { findScope, issueTokens, type Scope } from './issue.ts';

// How a refresh token is used up, whichever procedure takes it.

/** What the use of a refresh token leads to: a successor, or the end of the session that the token was stolen from. */
export type Rotation = { user: User; sessionId: string; scope: Scope | null; refreshToken: string } | 'reused';

/**
 * Counts the use of a refresh token, for its session.
 * @param sessionId the session that it must be of, if it must be a certain one
 * @throws AppError `UNAUTHENTICATED` for a token of no session, or of another; `RATE_LIMITED`
 */
export async function countRefresh(ctx: CountedCall, token: string, sessionId?: string): Promise<void> {
  if (!isRefreshToken(token)) throw unauthenticated();
  const found = await ctx.pool.transaction({ readOnly: true }, (tx) => findSessionId(tx, token));
  if (found === undefined || (sessionId !== undefined && found !== sessionId)) throw unauthenticated();
  await take(ctx, ['refreshesBySession', found]);
}

/**
 * Uses a refresh token up, and writes the audit row of it. A reuse ends the session: the transaction must be committed
 * then as well.
 * @param call.tenantSlug the tenant that the new access token is for; without one, that of the refresh token
 * @throws AppError `UNAUTHENTICATED`, `TENANT_NOT_FOUND`: the token is not used up
 */
export async function rotate(
  tx: Tx,
  call: { secretKeys: SecretKeys; auditEntry: AuditEntryDraft; token: string; tenantSlug: string | undefined },
): Promise<Rotation> {
  const { auditEntry, tenantSlug } = call;
  const tokenHash = hashRefreshToken(call.token);
  // Uses of one session's tokens wait for each other here; so do they for a password change, which retires tokens.
  await tx
    .update(sessions)
    .set({ lastSeenAt: now() })
    .where(
      inArray(
        sessions.id,
        tx.select({ id: refreshTokens.sessionId }).from(refreshTokens).where(eq(refreshTokens.tokenHash, tokenHash)),
      ),
    );
  const successor = mintRefreshToken();
  const taken = await takeUnused(tx, tokenHash, sealSuccessor(call.secretKeys, call.token, successor));
  const holder = await findTokenHolder(tx, tokenHash);
  if (!holder) throw unauthenticated();
  const { user, session, token } = holder;
  auditEntry.note({ entityId: session.id, actor: { type: 'user', id: user.id } });

  const refreshToken = taken ? successor : reopen(call, token);
  if (refreshToken === undefined) {
    await tx.update(sessions).set({ revokedAt: now() }).where(eq(sessions.id, session.id));
    auditEntry.note({ tenantId: token.tenantId });
    await auditEntry.write(tx, 'failure');
    return 'reused';
  }
  // A tenant's log says nothing of where else its members go: the row stands with the tenant that the new token is for.
  if (tenantSlug === undefined) auditEntry.note({ tenantId: token.tenantId });
  const scope = await scopeOf(tx, user.id, tenantSlug, token.tenantId);
  const tenantId = scope?.tenant.id ?? null;
  auditEntry.note({ tenantId });
  if (taken) {
    await storeRefreshToken(tx, {
      value: successor,
      sessionId: session.id,
      tenantId,
      sessionExpiresAt: session.expiresAt,
      ...(token.retiredAt && { retired: { at: token.retiredAt, expiresAt: token.expiresAt } }),
    });
    await forgetOldSuccessors(tx, session.id);
  }
  await auditEntry.write(tx, 'success');
  return { user, sessionId: session.id, scope, refreshToken };
}

/**
 * The answer of a refresh, once its transaction is committed.
 * @throws AppError `REFRESH_REUSED`
 */
export async function answerRotation(
  { accessTokens, auditEntry }: Context & { auditEntry: AuditEntryDraft },
  rotation: Rotation,
): Promise<z.infer<typeof loginShape>> {
  if (rotation === 'reused') {
    auditEntry.settle();
    throw new AppError(
      'REFRESH_REUSED',
      'This refresh token was already used or replaced, so its session has ended. Log in again.',
    );
  }
  return await issueTokens(accessTokens, rotation);
}

type Held = NonNullable<Awaited<ReturnType<typeof findTokenHolder>>>['token'];

/**
 * The successor that was given out at the first use, while the grace lasts: two tabs that refresh at once both go on.
 * @returns `undefined` for a token that comes back past its grace, whether it was used or retired
 * @throws AppError `UNAUTHENTICATED` for one that ran out unused
 */
function reopen(call: { secretKeys: SecretKeys; token: string }, token: Held): string | undefined {
  const retired = token.retiredAt !== null;
  if (token.usedAt === null && !retired) throw unauthenticated();
  if (retired && token.expired) return undefined;
  if (!token.inGrace || token.successor === null) return undefined;
  return openSuccessor(call.secretKeys, call.token, token.successor);
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
