import { and, eq, isNull, sql, type SQL } from 'drizzle-orm';
import { v7 as uuidv7 } from 'uuid';
import { hashRefreshToken, REFRESH_TOKEN } from '../../core/auth/refresh-token.ts';
import { DAY_MS } from '../../core/duration.ts';
import { fromNow, now, timestamp } from '../connection/clock.ts';
import { refreshTokens, sessions } from '../tables/lobby.ts';
import type { Tx } from '../connection/lane.ts';

/** Whether a refresh token has expired, and whether it is in its grace period, by the database's clock. */
export const refreshTokenAge = {
  expired: sql<boolean>`${refreshTokens.expiresAt} <= now()`,
  inGrace: sql<boolean>`coalesce(${refreshTokens.usedAt} > now() - make_interval(secs => ${REFRESH_TOKEN.graceSeconds}), false)`,
};

/** Whether the grace period of a used refresh token is over. After it, the successor is not given out any more. */
export const isGraceOver = sql`${refreshTokens.usedAt} < now() - make_interval(secs => ${REFRESH_TOKEN.graceSeconds})`;

/**
 * Stores the hash of a refresh token. The token expires if it is unused for `REFRESH_TOKEN.idleDays`, or with the session.
 * @param token.retired set if the parent token was retired; then this token expires with the parent
 */
export async function storeRefreshToken(
  tx: Tx,
  token: {
    value: string;
    sessionId: string;
    tenantId: string | null;
    sessionExpiresAt: Date | SQL<Date>;
    retired?: { at: Date; expiresAt: Date };
  },
): Promise<void> {
  const ends = [token.sessionExpiresAt, token.retired?.expiresAt ?? token.sessionExpiresAt].map(timestamp);
  await tx.insert(refreshTokens).values({
    id: uuidv7(),
    sessionId: token.sessionId,
    tenantId: token.tenantId,
    tokenHash: hashRefreshToken(token.value),
    expiresAt: sql`least(${fromNow(REFRESH_TOKEN.idleDays * DAY_MS)}, ${sql.join(ends, sql`, `)})`,
    retiredAt: token.retired?.at ?? null,
  });
}

/**
 * Retires the unused refresh tokens of a session: they expire after the grace period. Otherwise a stolen token would stay
 * valid besides the new one of its owner.
 * @returns when the session expires
 */
export async function retireRefreshTokens(tx: Tx, sessionId: string): Promise<Date> {
  // This lock waits for a running refresh, so that its new token is retired too.
  const [session] = await tx
    .select({ expiresAt: sessions.expiresAt })
    .from(sessions)
    .where(eq(sessions.id, sessionId))
    .for('no key update');
  if (!session) throw new Error('The session of this transaction is gone');
  await tx
    .update(refreshTokens)
    .set({
      retiredAt: now(),
      expiresAt: sql`least(${refreshTokens.expiresAt}, now() + make_interval(secs => ${REFRESH_TOKEN.graceSeconds}))`,
    })
    .where(and(eq(refreshTokens.sessionId, sessionId), isNull(refreshTokens.usedAt), isNull(refreshTokens.retiredAt)));
  return session.expiresAt;
}

/** @returns the id of a token's session, which may be over; `undefined` if the token is unknown */
export async function findSessionId(tx: Tx, token: string): Promise<string | undefined> {
  const [row] = await tx
    .select({ sessionId: refreshTokens.sessionId })
    .from(refreshTokens)
    .where(eq(refreshTokens.tokenHash, hashRefreshToken(token)));
  return row?.sessionId;
}
