import { and, eq, gt, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { AppError } from '../../core/errors.ts';
import { now } from '../../db/connection/clock.ts';
import { sessions as sessionsTable } from '../../db/tables/lobby.ts';
import { endSessions } from '../../db/identity/sessions.ts';
import { pageOf } from '../paging.ts';
import { about } from '../procedures/audit-entry.ts';
import { userProcedure } from '../procedures/levels.ts';
import { idInput, pageInput, pageShape, sessionShape, toPage } from '../shapes.ts';

const tags = ['auth'];

/** Lists the user's live sessions, newest first. */
export const sessions = userProcedure
  .meta({
    openapi: { method: 'GET', path: '/auth/sessions', tags, summary: 'List my sessions, newest first' },
    audit: { action: 'session.list', entityType: 'session' },
  })
  .input(pageInput)
  .output(pageShape(sessionShape))
  .query(async ({ ctx, input }) => {
    const live = and(isNull(sessionsTable.revokedAt), gt(sessionsTable.expiresAt, now()));
    const where = and(eq(sessionsTable.userId, ctx.user.id), live);
    const rows = await pageOf(ctx.db.select().from(sessionsTable).$dynamic(), sessionsTable.id, { ...input, where });
    return toPage(rows, input.limit, ({ id, userAgent, ipAddress, createdAt, lastSeenAt }) => ({
      id,
      userAgent,
      ipAddress,
      createdAt: createdAt.toISOString(),
      lastSeenAt: lastSeenAt.toISOString(),
      current: id === ctx.actor.sessionId,
    }));
  });

/** Ends one of the user's sessions, which may be the current one. */
export const revokeSession = userProcedure
  .meta({
    openapi: { method: 'DELETE', path: '/auth/sessions/{id}', tags, summary: 'End one of my sessions' },
    refusals: ['NOT_FOUND'],
    successStatus: 204,
    audit: { action: 'session.revoke', entityType: 'session' },
  })
  .input(idInput)
  .use(about('id'))
  .output(z.null())
  .mutation(async ({ ctx, input: { id } }) => {
    const ended = await ctx.db
      .update(sessionsTable)
      .set({ revokedAt: now() })
      .where(
        and(
          eq(sessionsTable.id, id),
          eq(sessionsTable.userId, ctx.user.id),
          isNull(sessionsTable.revokedAt),
          gt(sessionsTable.expiresAt, now()),
        ),
      )
      .returning({ id: sessionsTable.id });
    if (ended.length === 0) throw new AppError('NOT_FOUND', 'You have no active session with this id.');
    return null;
  });

/** Ends all sessions of the user. */
export const logoutAll = userProcedure
  .meta({
    openapi: { method: 'POST', path: '/auth/logout-all', tags, summary: 'End all my sessions' },
    successStatus: 204,
    audit: { action: 'user.logout_all', entityType: 'user' },
  })
  .output(z.null())
  .mutation(async ({ ctx }) => {
    ctx.auditEntry.note({ entityId: ctx.user.id });
    await endSessions(ctx.db, ctx.user.id);
    return null;
  });
