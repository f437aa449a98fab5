import { eq } from 'drizzle-orm';
import type { Actor } from './callers.ts';
import { now } from '../connection/clock.ts';
import { apiKeys, sessions } from '../tables/lobby.ts';
import type { Pool } from '../connection/pool.ts';

/** Stores that a session or a key was used now. It needs its own transaction, since that of a read can't write. */
export async function touch(pool: Pool, actor: Actor): Promise<void> {
  await pool.transaction({ readOnly: false }, async (tx) => {
    if (actor.type === 'apiKey') {
      await tx.update(apiKeys).set({ lastUsedAt: now() }).where(eq(apiKeys.id, actor.id));
    } else {
      await tx.update(sessions).set({ lastSeenAt: now() }).where(eq(sessions.id, actor.sessionId));
    }
  });
}
