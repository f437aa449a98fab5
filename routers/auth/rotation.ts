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

// The rotation of refresh tokens, shared by all procedures that take one.

/** The result of using a refresh token: a successor, or `reused` if the session was ended because of a reuse. */
export type Rotation = { user: User; sessionId: string; scope: Scope | null; refreshToken: string } | 'reused';

/**
 * Counts the use of a refresh token by its session.
 * @param sessionId the session that the token must belong to; any session if omitted
 * @throws AppError `UNAUTHENTICATED` if the token belongs to no session or to a different one; `RATE_LIMITED`
 */
export async function countRefresh(ctx: CountedCall, token: string, sessionId?: string): Promise<void> {
  if (!isRefreshToken(token)) throw unauthenticated();
  const found = await ctx.pool.transaction({ readOnly: true }, (tx) => findSessionId(tx, token));
  if (found === undefined || (sessionId !== undefined && found !== sessionId)) throw unauthenticated();
  await take(ctx, ['refreshesBySession', found]);
}

/**
 * Uses up a refresh token and writes the audit row. A reuse ends the session, so the caller must commit the transaction in
 * that case too.
 * @param call.tenantSlug the tenant of the new access token; defaults to the tenant of the refresh token
 * @throws AppError `UNAUTHENTICATED`, `TENANT_NOT_FOUND`; the token is then not used up
 */
export async function rotate(
  tx: Tx,
  call: { secretKeys: SecretKeys; auditEntry: AuditEntryDraft; token: string; tenantSlug: string | undefined },
): Promise<Rotation> {
  const { auditEntry, tenantSlug } = call;
  const tokenHash = hashRefreshToken(call.token);
  // This update locks the session, so uses of its tokens run one after another. A password change, which retires the
  // tokens, also waits for this lock.
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
  // The row goes to the log of the new token's tenant. The old tenant must not learn which other tenants its members use.
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
 * Makes the output of a refresh. Call it after the transaction is committed.
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
 * Returns the successor that the first use of a token received. This works within the grace period, so that two tabs can
 * refresh at the same time.
 * @returns `undefined` for a used or retired token after its grace period
 * @throws AppError `UNAUTHENTICATED` for a token that expired unused
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
