import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { now } from '../db/connection/clock.ts';
import { changesBetween } from '../db/audit/changes.ts';
import { memberships, tenants, users } from '../db/tables/lobby.ts';
import { tenantColumns } from '../db/tenancy/tenant-columns.ts';
import { pageOf } from './paging.ts';
import { userProcedure } from './procedures/levels.ts';
import {
  modeShape,
  nameInput,
  pageInput,
  pageShape,
  personShape,
  tenantShape,
  time,
  toPage,
  toTenantShape,
  toUserShape,
  userShape,
} from './shapes.ts';
import { router } from './procedures/trpc.ts';

const tags = ['users'];

const meShape = userShape
  .extend({
    assumedIdentity: z
      .object({
        id: z.uuid(),
        operator: personShape,
        mode: modeShape,
        reason: z.string(),
        expiresAt: time,
      })
      .meta({ id: 'OwnAssumedIdentity' })
      .nullable()
      .describe('Set if a platform operator acts as this user, otherwise null'),
  })
  .meta({ id: 'Me' });

export const usersRouter = router({
  me: userProcedure
    .meta({
      openapi: { method: 'GET', path: '/users/me', tags, summary: 'Get my user' },
      audit: { action: 'user.read', entityType: 'user' },
      admits: ['assumedIdentity'],
    })
    .output(meShape)
    .query(({ ctx }) => {
      const { assumed } = ctx.actor;
      ctx.auditEntry.note({ entityId: ctx.user.id });
      return {
        ...toUserShape(ctx.user),
        assumedIdentity: assumed && { ...assumed, expiresAt: assumed.expiresAt.toISOString() },
      };
    }),

  updateMe: userProcedure
    .meta({
      openapi: { method: 'PATCH', path: '/users/me', tags, summary: 'Change my name' },
      audit: { action: 'user.update', entityType: 'user' },
    })
    .input(z.strictObject({ fullName: nameInput }))
    .output(userShape)
    .mutation(async ({ ctx, input: { fullName } }) => {
      await ctx.db.update(users).set({ fullName, updatedAt: now() }).where(eq(users.id, ctx.user.id));
      ctx.auditEntry.note({
        entityId: ctx.user.id,
        changes: changesBetween({ fullName: ctx.user.fullName }, { fullName }),
      });
      return toUserShape({ ...ctx.user, fullName });
    }),

  myTenants: userProcedure
    .meta({
      openapi: { method: 'GET', path: '/users/me/tenants', tags, summary: 'List my tenants, newest first' },
      audit: { action: 'tenant.list', entityType: 'tenant' },
    })
    .input(pageInput)
    .output(pageShape(tenantShape))
    .query(async ({ ctx, input }) => {
      const all = ctx.db
        .select(tenantColumns)
        .from(memberships)
        .innerJoin(tenants, eq(tenants.id, memberships.tenantId))
        .$dynamic();
      const rows = await pageOf(all, tenants.id, { ...input, where: eq(memberships.userId, ctx.user.id) });
      return toPage(rows, input.limit, (row) => toTenantShape(row, row.role));
    }),
});
