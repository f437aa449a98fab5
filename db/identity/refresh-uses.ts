import { and, eq, exists, gt, isNotNull, isNull } from 'drizzle-orm';
import { now } from '../connection/clock.ts';
import type { Tx } from '../connection/lane.ts';
import { refreshTokens, sessions, users } from '../tables/lobby.ts';
import { isGraceOver, refreshTokenAge } from './refresh-tokens.ts';

// Reads and writes the rows for one use of a refresh token.

/** Marks a token as used, atomically. @returns `true` for only one of several concurrent callers */
export async function takeUnused(tx: Tx, tokenHash: Uint8Array, successor: Uint8Array): Promise<boolean> {
  const liveSession = tx
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(eq(sessions.id, refreshTokens.sessionId), isNull(sessions.revokedAt), gt(sessions.expiresAt, now())));
  const taken = await tx
    .update(refreshTokens)
    .set({ usedAt: now(), successor })
    .where(
      and(
        eq(refreshTokens.tokenHash, tokenHash),
        isNull(refreshTokens.usedAt),
        gt(refreshTokens.expiresAt, now()),
        exists(liveSession),
      ),
    )
    .returning({ id: refreshTokens.id });
  return taken.length > 0;
}

/** @returns a token with its session and user, if these are live by the database's clock */
export async function findTokenHolder(tx: Tx, tokenHash: Uint8Array) {
  const [row] = await tx
    .select({
      user: { id: users.id, email: users.email, fullName: users.fullName, createdAt: users.createdAt },
      session: { id: sessions.id, expiresAt: sessions.expiresAt },
      token: {
        tenantId: refreshTokens.tenantId,
        usedAt: refreshTokens.usedAt,
        retiredAt: refreshTokens.retiredAt,
        expiresAt: refreshTokens.expiresAt,
        successor: refreshTokens.successor,
        ...refreshTokenAge,
      },
    })
    .from(refreshTokens)
    .innerJoin(sessions, eq(sessions.id, refreshTokens.sessionId))
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(
      and(
        eq(refreshTokens.tokenHash, tokenHash),
        isNull(sessions.revokedAt),
        gt(sessions.expiresAt, now()),
        isNull(users.disabledAt),
      ),
    );
  return row;
}

/** Erases the successors of a session's tokens after their grace period, when they are not given out any more. */
export async function forgetOldSuccessors(tx: Tx, sessionId: string): Promise<void> {
  await tx
    .update(refreshTokens)
    .set({ successor: null })
    .where(and(eq(refreshTokens.sessionId, sessionId), isNotNull(refreshTokens.successor), isGraceOver));
}
