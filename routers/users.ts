import { and, desc, eq, lt } from 'drizzle-orm';
import { memberships, tenants } from '../db/lobby.ts';
import { tenantColumns } from '../db/tenants.ts';
import { userProcedure } from './procedures.ts';
import { pageInput, pageShape, tenantShape, toPage, toTenantShape, toUserShape, userShape } from './shapes.ts';
import { router } from './trpc.ts';

const tags = ['users'];

export const usersRouter = router({
  me: userProcedure
    .meta({
      openapi: { method: 'GET', path: '/users/me', tags, summary: 'Who am I' },
      audit: { action: 'user.read', entityType: 'user' },
    })
    .output(userShape)
    .query(({ ctx }) => toUserShape(ctx.user)),

  myTenants: userProcedure
    .meta({
      openapi: { method: 'GET', path: '/users/me/tenants', tags, summary: 'List my tenants, newest first' },
      audit: { action: 'tenant.list', entityType: 'tenant' },
    })
    .input(pageInput)
    .output(pageShape(tenantShape))
    .query(async ({ ctx, input }) => {
      const rows = await ctx.db
        .select(tenantColumns)
        .from(memberships)
        .innerJoin(tenants, eq(tenants.id, memberships.tenantId))
        .where(
          and(
            eq(memberships.userId, ctx.user.id),
            input.cursor === undefined ? undefined : lt(tenants.id, input.cursor),
          ),
        )
        .orderBy(desc(tenants.id))
        .limit(input.limit + 1);
      return toPage(rows, input.limit, (row) => toTenantShape(row, row.role));
    }),
});
