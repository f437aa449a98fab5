import { and, desc, eq, isNull, lt } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { ACCESS_TOKEN_SECONDS, unauthenticated } from '../../core/auth/access-token.ts';
import { displayText } from '../../core/text/display-text.ts';
import { AppError, orNotFound } from '../../core/errors.ts';
import { idSchema } from '../../core/id.ts';
import { parseSlug } from '../../core/tenancy/slug.ts';
import type { Person } from '../../db/entering/callers.ts';
import { changesBetween } from '../../db/audit/changes.ts';
import { fromNow, now } from '../../db/connection/clock.ts';
import { tenantNotFound } from '../../db/entering/enter.ts';
import { assumedIdentities as identities, memberships, sessions, tenants, users } from '../../db/tables/lobby.ts';
import type { Tx } from '../../db/connection/lane.ts';
import { about } from '../procedures/audit-entry.ts';
import { notAnOperator, superuserProcedure } from '../procedures/levels.ts';
import {
  idInput,
  modeShape,
  pageInput,
  pageShape,
  personShape,
  tenantShape,
  time,
  toPage,
  toTenantShape,
  toUserShape,
  userShape,
} from '../shapes.ts';

const tags = ['admin'];

/** Lets an operator act as a member of a tenant, for as long as an access token lives, to help them. */
export const assumeIdentity = superuserProcedure
  .meta({
    openapi: { method: 'POST', path: '/admin/assume-identity', tags, summary: 'Assume the identity of a member' },
    refusals: ['TENANT_NOT_FOUND', 'NOT_FOUND'],
    audit: { action: 'identity.assume', entityType: 'assumed_identity' },
  })
  .input(
    z.strictObject({
      userId: idSchema,
      tenantSlug: z.string().max(100),
      reason: displayText({ max: 1_000, visible: 10, lines: true }).describe(
        'Stored in the audit log, where the admins of the tenant see it',
      ),
      mode: modeShape.default('read'),
    }),
  )
  .output(
    z
      .object({
        id: z.uuid(),
        accessToken: z.string(),
        expiresIn: z.int().describe('Lifetime of the access token in seconds. There is no refresh token'),
        user: userShape,
        tenant: tenantShape,
        mode: modeShape,
      })
      .meta({ id: 'NewAssumedIdentity' }),
  )
  .mutation(async ({ ctx, input: { userId, tenantSlug, reason, mode } }) => {
    const operatorId = ctx.user.id;
    if (userId === operatorId) throw new AppError('FORBIDDEN', 'You cannot assume your own identity.');
    await holdOperator(ctx.db, ctx.actor);
    const { user, tenant, role } = await findTarget(ctx.db, userId, tenantSlug);
    const id = uuidv7();
    const operatorSessionId = ctx.actor.sessionId;
    const terms = { userId, reason, mode };
    const expiresAt = fromNow(ACCESS_TOKEN_SECONDS * 1000);
    const [made] = await ctx.db
      .insert(identities)
      .values({ id, tenantId: tenant.id, operatorId, operatorSessionId, ...terms, expiresAt })
      .returning({ expiresAt: identities.expiresAt });
    // In the log of the tenant: its admins see who comes, and why.
    ctx.auditEntry.note({
      entityId: id,
      tenantId: tenant.id,
      operatorId,
      changes: changesBetween({}, { ...terms, ...made }),
    });
    const accessToken = await ctx.accessTokens.sign({
      sub: userId,
      sid: id,
      tid: tenant.id,
      act: { sub: operatorId },
    });
    return {
      id,
      accessToken,
      expiresIn: ACCESS_TOKEN_SECONDS,
      user: toUserShape(user),
      tenant: toTenantShape(tenant, role),
      mode,
    };
  });

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

/** All that were ever assumed, live or over. */
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
  .query(async ({ ctx, input: { cursor, limit } }) => {
    const rows = await ctx.db
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
      .where(cursor === undefined ? undefined : lt(identities.id, cursor))
      .orderBy(desc(identities.id))
      .limit(limit + 1);
    return toPage(rows, limit, ({ createdAt, expiresAt, endedAt, ...row }) => ({
      ...row,
      createdAt: createdAt.toISOString(),
      expiresAt: expiresAt.toISOString(),
      endedAt: endedAt?.toISOString() ?? null,
    }));
  });

/**
 * Holds the operator and their session as they are, until the identity is written: whoever demotes or disables them, or ends
 * the session, at this moment comes before it or ends it.
 * @throws AppError `UNAUTHENTICATED`, `FORBIDDEN` for who is no operator any more
 */
async function holdOperator(tx: Tx, { user, sessionId }: Person): Promise<void> {
  const [held] = await tx
    .select({ isSuperuser: users.isSuperuser, disabledAt: users.disabledAt, revokedAt: sessions.revokedAt })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.id, sessionId), eq(users.id, user.id)))
    .for('share');
  if (!held || held.revokedAt !== null || held.disabledAt !== null) throw unauthenticated();
  if (!held.isSuperuser) throw notAnOperator();
}

/**
 * The member to act as.
 * @throws AppError `TENANT_NOT_FOUND`, `NOT_FOUND` for who is no member of it, `FORBIDDEN` for whom nobody may act
 */
async function findTarget(tx: Tx, userId: string, tenantSlug: string) {
  const slug = parseSlug(tenantSlug);
  // Held until the identity is written: a consent withdrawn, or a member removed, at this moment comes before it or ends it.
  const [tenant] = slug === undefined ? [] : await tx.select().from(tenants).where(eq(tenants.slug, slug)).for('share');
  if (!tenant) throw tenantNotFound();
  const [target] = await tx
    .select({ user: users, role: memberships.role })
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(and(eq(memberships.tenantId, tenant.id), eq(memberships.userId, userId)))
    .for('share');
  if (!target) throw new AppError('NOT_FOUND', 'This user is not a member of the tenant.');
  const { user, role } = target;
  if (!tenant.allowAssumedIdentity) throw new AppError('FORBIDDEN', 'This tenant does not allow assumed identities.');
  if (user.isSuperuser) throw new AppError('FORBIDDEN', 'You cannot assume the identity of a platform operator.');
  if (user.disabledAt !== null) throw new AppError('FORBIDDEN', 'You cannot assume the identity of a disabled user.');
  return { user, tenant, role };
}
