import { and, eq, isNull, ne, sql } from 'drizzle-orm';
import { mailRequests, sessions, users } from '../tables/lobby.ts';
import type { Tx } from '../connection/lane.ts';

/** Ends a user's sessions: their access tokens are refused from the next request on. @param but one that stays */
export async function endSessions(tx: Tx, userId: string, but?: string): Promise<void> {
  await tx
    .update(sessions)
    .set({ revokedAt: sql`now()` })
    .where(
      and(
        eq(sessions.userId, userId),
        isNull(sessions.revokedAt),
        but === undefined ? undefined : ne(sessions.id, but),
      ),
    );
}

/**
 * Gives a user another password, ends their sessions and voids the reset mails under way. The user's row is written
 * first, so that a login with the old password either came before, and its session ends here, or finds it changed.
 * @param change.from the hash that the new one replaces, if it must be that one
 * @param change.keep the session in which the password was changed
 * @returns whether the user was there, and the hash as expected
 */
export async function replacePassword(
  tx: Tx,
  change: { userId: string; email: string; from?: string; to: string; keep?: string },
): Promise<boolean> {
  const changed = await tx
    .update(users)
    .set({ passwordHash: change.to, updatedAt: sql`now()` })
    .where(
      and(
        eq(users.id, change.userId),
        isNull(users.disabledAt),
        change.from === undefined ? undefined : eq(users.passwordHash, change.from),
      ),
    )
    .returning({ id: users.id });
  if (changed.length === 0) return false;
  await endSessions(tx, change.userId, change.keep);
  await voidResets(tx, change.email);
  return true;
}

/** Voids the reset mails under way to an address. */
export async function voidResets(tx: Tx, email: string): Promise<void> {
  await tx
    .update(mailRequests)
    .set({ usedAt: sql`now()` })
    .where(and(eq(mailRequests.kind, 'reset-password'), eq(mailRequests.email, email), isNull(mailRequests.usedAt)));
}
