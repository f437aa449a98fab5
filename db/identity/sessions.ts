import { and, eq, isNull, ne } from 'drizzle-orm';
import { now } from '../connection/clock.ts';
import { mailRequests, sessions, users } from '../tables/lobby.ts';
import type { Tx } from '../connection/lane.ts';

/** Ends a user's sessions. The next request with one of their access tokens is refused. @param but a session to keep */
export async function endSessions(tx: Tx, userId: string, but?: string): Promise<void> {
  await tx
    .update(sessions)
    .set({ revokedAt: now() })
    .where(
      and(
        eq(sessions.userId, userId),
        isNull(sessions.revokedAt),
        but === undefined ? undefined : ne(sessions.id, but),
      ),
    );
}

/**
 * Changes a user's password, ends their sessions and voids their unused reset mails. The user's row is written first. So a
 * concurrent login with the old password either comes before, and its session ends here, or finds the new password.
 * @param change.from the current hash must be this one, if set
 * @param change.keep the session in which the password was changed
 * @returns `false` if the user is unknown or disabled, or has another hash than `from`
 */
export async function replacePassword(
  tx: Tx,
  change: { userId: string; email: string; from?: string; to: string; keep?: string },
): Promise<boolean> {
  const changed = await tx
    .update(users)
    .set({ passwordHash: change.to, updatedAt: now() })
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

/** Voids the unused reset mails to an address. */
export async function voidResets(tx: Tx, email: string): Promise<void> {
  await tx
    .update(mailRequests)
    .set({ usedAt: now() })
    .where(and(eq(mailRequests.kind, 'reset-password'), eq(mailRequests.email, email), isNull(mailRequests.usedAt)));
}
