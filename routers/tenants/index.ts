import { z } from 'zod';
import { slugSchema } from '../../core/slug.ts';
import { changesBetween } from '../../db/changes.ts';
import { enterAsUser } from '../../db/enter.ts';
import { memberships } from '../../db/lobby.ts';
import { foundTenant } from '../../db/tenants.ts';
import { memberLobbyProcedure, streamProcedure, userProcedure } from '../procedures.ts';
import { acceptedShape, nameInput, tenantShape, toTenantShape } from '../shapes.ts';
import { router } from '../trpc.ts';
import { watchStatus } from './on-status.ts';
import { readStatus, slugInput, statusShape } from './status.ts';

const tags = ['tenants'];

export const tenantsRouter = router({
  create: userProcedure
    .meta({
      openapi: { method: 'POST', path: '/tenants', tags, summary: 'Found another tenant, and become its admin' },
      successStatus: 202,
      audit: { action: 'tenant.create', entityType: 'tenant' },
    })
    .input(z.strictObject({ name: nameInput, slug: slugSchema }))
    .output(acceptedShape)
    .mutation(async ({ ctx, input }) => {
      const tenantId = await foundTenant(ctx.db, input);
      await ctx.db.insert(memberships).values({ userId: ctx.user.id, tenantId, role: 'admin' });
      ctx.trail.note({ entityId: tenantId, changes: changesBetween({}, input) });
      return { tenant: { slug: input.slug, status: 'provisioning' as const } };
    }),

  // Before `/tenants/{slug}`: the first path that fits is taken.
  get: memberLobbyProcedure
    .meta({
      openapi: { method: 'GET', path: '/tenants/current', tags, summary: 'Read the tenant of the header' },
      audit: { action: 'tenant.read', entityType: 'tenant' },
    })
    .output(tenantShape)
    .query(({ ctx }) => toTenantShape(ctx.tenant, ctx.role)),

  status: userProcedure
    .meta({
      openapi: { method: 'GET', path: '/tenants/{slug}/status', tags, summary: 'How far provisioning has come' },
      audit: { action: 'tenant.status', entityType: 'tenant' },
    })
    .input(slugInput)
    .output(statusShape)
    .query(({ ctx, input }) => readStatus(ctx.db, ctx.user.id, input.slug)),

  /** Each step as it is reached, then the end: a stream of server-sent events. */
  onStatus: streamProcedure
    .meta({ audit: { action: 'tenant.watch', entityType: 'tenant' } })
    .input(slugInput)
    .subscription(async ({ ctx, input, signal }) => {
      // Asked once before the stream opens, so that a stranger gets an error and not a stream that ends with one.
      await enterAsUser(ctx.pool, { claims: ctx.claims, readOnly: true }, ({ tx, user }) =>
        readStatus(tx, user.id, input.slug),
      );
      return watchStatus(ctx.pool, { claims: ctx.claims, slug: input.slug, signal });
    }),
});
