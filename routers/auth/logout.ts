import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { now } from '../../db/connection/clock.ts';
import { sessions } from '../../db/tables/lobby.ts';
import { userProcedure } from '../procedures/levels.ts';

/** Ends the session of the caller. Its access tokens are refused from the next request on. */
export const logout = userProcedure
  .meta({
    openapi: { method: 'POST', path: '/auth/logout', tags: ['auth'], summary: 'End this session' },
    successStatus: 204,
    audit: { action: 'user.logout', entityType: 'session' },
  })
  .output(z.null())
  .mutation(async ({ ctx }) => {
    ctx.auditEntry.note({ entityId: ctx.actor.sessionId });
    await ctx.db.update(sessions).set({ revokedAt: now() }).where(eq(sessions.id, ctx.actor.sessionId));
    return null;
  });
