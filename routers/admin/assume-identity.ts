import { and, eq } from 'drizzle-orm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { ACCESS_TOKEN_SECONDS, unauthenticated } from '../../core/auth/access-token.ts';
import { displayText } from '../../core/text/display-text.ts';
import { AppError } from '../../core/errors.ts';
import { idSchema } from '../../core/id.ts';
import { parseSlug } from '../../core/tenancy/slug-format.ts';
import type { Person } from '../../db/entering/callers.ts';
import { changesBetween } from '../../db/audit/changes.ts';
import { fromNow } from '../../db/connection/clock.ts';
import { tenantNotFound } from '../../db/entering/enter.ts';
import { assumedIdentities as identities, memberships, sessions, tenants, users } from '../../db/tables/lobby.ts';
import type { Tx } from '../../db/connection/lane.ts';
import { notAnOperator, superuserProcedure } from '../procedures/levels.ts';
import { modeShape, tenantShape, toTenantShape, toUserShape, userShape } from '../shapes.ts';

/** Lets an operator act as a member of a tenant, to help them. It lasts as long as one access token. */
export const assumeIdentity = superuserProcedure
  .meta({
    openapi: {
      method: 'POST',
      path: '/admin/assume-identity',
      tags: ['admin'],
      summary: 'Assume the identity of a member',
    },
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
    await lockOperator(ctx.db, ctx.actor);
    const { user, tenant, role } = await findTarget(ctx.db, userId, tenantSlug);
    const id = uuidv7();
    const operatorSessionId = ctx.actor.sessionId;
    const terms = { userId, reason, mode };
    const expiresAt = fromNow(ACCESS_TOKEN_SECONDS * 1000);
    const [made] = await ctx.db
      .insert(identities)
      .values({ id, tenantId: tenant.id, operatorId, operatorSessionId, ...terms, expiresAt })
      .returning({ expiresAt: identities.expiresAt });
    // The row goes to the tenant's audit log, so that its admins see who acts and why.
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

/**
 * Locks the operator and their session until the identity is written. A concurrent request that demotes or disables the
 * operator, or ends the session, then runs either before this one, which is refused, or after it, and ends the identity.
 * @throws AppError `UNAUTHENTICATED`; `FORBIDDEN` if the user is no longer an operator
 */
async function lockOperator(tx: Tx, { user, sessionId }: Person): Promise<void> {
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
 * Finds the member to act as, and locks the rows that allow it.
 * @throws AppError `TENANT_NOT_FOUND`; `NOT_FOUND` if the user is no member; `FORBIDDEN` if the identity may not be assumed
 */
async function findTarget(tx: Tx, userId: string, tenantSlug: string) {
  const slug = parseSlug(tenantSlug);
  // Locked until the identity is written. If the tenant withdraws its consent or removes the member at the same time, that
  // runs either before this request, which is refused, or after it, and ends the identity.
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
