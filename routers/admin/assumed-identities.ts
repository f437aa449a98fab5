import { and, eq, isNull } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import { z } from 'zod';
import { orNotFound } from '../../core/errors.ts';
import { now } from '../../db/connection/clock.ts';
import { assumedIdentities as identities, tenants, users } from '../../db/tables/lobby.ts';
import { pageOf } from '../paging.ts';
import { about } from '../procedures/audit-entry.ts';
import { superuserProcedure } from '../procedures/levels.ts';
import { idInput, modeShape, pageInput, pageShape, personShape, time, toPage } from '../shapes.ts';

const tags = ['admin'];

export const endAssumedIdentity = superuserProcedure
  .meta({
    openapi: { method: 'POST', path: '/admin/assume-identity/{id}/end', tags, summary: 'End an assumed identity' },
    refusals: ['NOT_FOUND'],
    successStatus: 204,
    audit: { action: 'identity.end', entityType: 'assumed_identity' },
  })
  .input(idInput)
  .use(about('id'))
  .output(z.null())
  .mutation(async ({ ctx, input: { id } }) => {
    const [row] = await ctx.db.select({ tenantId: identities.tenantId }).from(identities).where(eq(identities.id, id));
    const { tenantId } = orNotFound(row, 'assumed identity');
    await ctx.db
      .update(identities)
      .set({ endedAt: now() })
      .where(and(eq(identities.id, id), isNull(identities.endedAt)));
    ctx.auditEntry.note({ tenantId, operatorId: ctx.user.id });
    return null;
  });

const operators = alias(users, 'operators');

/** Lists all assumed identities, live and ended. */
export const assumedIdentities = superuserProcedure
  .meta({
    openapi: { method: 'GET', path: '/admin/assumed-identities', tags, summary: 'List assumed identities' },
    audit: { action: 'identity.list', entityType: 'assumed_identity' },
  })
  .input(pageInput)
  .output(
    pageShape(
      z
        .object({
          id: z.uuid(),
          operator: personShape,
          user: personShape,
          tenant: z.object({ id: z.uuid(), slug: z.string(), name: z.string() }).meta({ id: 'AssumedTenant' }),
          mode: modeShape,
          reason: z.string(),
          createdAt: time,
          expiresAt: time,
          endedAt: time.nullable(),
        })
        .meta({ id: 'AssumedIdentity' }),
    ),
  )
  .query(async ({ ctx, input }) => {
    const all = ctx.db
      .select({
        id: identities.id,
        operator: { id: operators.id, email: operators.email, fullName: operators.fullName },
        user: { id: users.id, email: users.email, fullName: users.fullName },
        tenant: { id: tenants.id, slug: tenants.slug, name: tenants.name },
        mode: identities.mode,
        reason: identities.reason,
        createdAt: identities.createdAt,
        expiresAt: identities.expiresAt,
        endedAt: identities.endedAt,
      })
      .from(identities)
      .innerJoin(operators, eq(operators.id, identities.operatorId))
      .innerJoin(users, eq(users.id, identities.userId))
      .innerJoin(tenants, eq(tenants.id, identities.tenantId))
      .$dynamic();
    const rows = await pageOf(all, identities.id, input);
    return toPage(rows, input.limit, ({ createdAt, expiresAt, endedAt, ...row }) => ({
      ...row,
      createdAt: createdAt.toISOString(),
      expiresAt: expiresAt.toISOString(),
      endedAt: endedAt?.toISOString() ?? null,
    }));
  });
