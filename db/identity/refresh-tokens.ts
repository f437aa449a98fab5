import { and, eq, isNull, sql, type SQL } from 'drizzle-orm';
import { v7 as uuidv7 } from 'uuid';
import { hashRefreshToken, REFRESH_TOKEN } from '../../core/auth/refresh-token.ts';
import { DAY_MS } from '../../core/duration.ts';
import { fromNow, timestamp } from '../connection/clock.ts';
import { refreshTokens, sessions } from '../tables/lobby.ts';
import type { Tx } from '../connection/lane.ts';

/** What the database's clock says of a refresh token, for a select. */
export const refreshTokenAge = {
  expired: sql<boolean>`${refreshTokens.expiresAt} <= now()`,
  inGrace: sql<boolean>`coalesce(${refreshTokens.usedAt} > now() - make_interval(secs => ${REFRESH_TOKEN.graceSeconds}), false)`,
};

/** Of a used refresh token: its successor is given out no more. */
export const isGraceOver = sql`${refreshTokens.usedAt} < now() - make_interval(secs => ${REFRESH_TOKEN.graceSeconds})`;

/**
 * Stores a refresh token of the session, by its hash. It expires when it is not used for a while, and ends with the session.
 * @param token.retired of its parent, if that was retired: what comes of it ends with it
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
 * Lets the unused refresh tokens of a session run out within the grace of a rotation: one that was stolen must not live on
 * beside the pair that its owner goes on with.
 * @returns when the session ends
 */
export async function retireRefreshTokens(tx: Tx, sessionId: string): Promise<Date> {
  // Waits for a refresh under way, whose new token is then seen.
  const [session] = await tx
    .select({ expiresAt: sessions.expiresAt })
    .from(sessions)
    .where(eq(sessions.id, sessionId))
    .for('no key update');
  if (!session) throw new Error('The session of this transaction is gone');
  await tx
    .update(refreshTokens)
    .set({
      retiredAt: sql`now()`,
      expiresAt: sql`least(${refreshTokens.expiresAt}, now() + make_interval(secs => ${REFRESH_TOKEN.graceSeconds}))`,
    })
    .where(and(eq(refreshTokens.sessionId, sessionId), isNull(refreshTokens.usedAt), isNull(refreshTokens.retiredAt)));
  return session.expiresAt;
}

/** The session that a token is of, live or not. */
export async function findSessionId(tx: Tx, token: string): Promise<string | undefined> {
  const [row] = await tx
    .select({ sessionId: refreshTokens.sessionId })
    .from(refreshTokens)
    .where(eq(refreshTokens.tokenHash, hashRefreshToken(token)));
  return row?.sessionId;
}
