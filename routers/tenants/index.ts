import { z } from 'zod';
import { AppError } from '../../core/errors.ts';
import { slugSchema } from '../../core/tenancy/slug-format.ts';
import { changesBetween } from '../../db/audit/changes.ts';
import { enterAsUser } from '../../db/entering/enter.ts';
import { memberships } from '../../db/tables/lobby.ts';
import { lockMembersAsAdmin } from '../../db/tenancy/members.ts';
import { readSettings, updateTenant } from '../../db/tenancy/settings.ts';
import {
  adminLobbyProcedure,
  memberLobbyProcedure,
  unboundUserProcedure,
  userProcedure,
} from '../procedures/levels.ts';
import { createTenant } from '../procedures/costs.ts';
import { alsoEndIdentities } from '../procedures/effects.ts';
import { acceptedShape, nameInput, subscriptionInput, tenantShape, toTenantShape } from '../shapes.ts';
import { router } from '../procedures/trpc.ts';
import { watchStatus } from './on-status.ts';
import { closing, openStream } from '../procedures/streams.ts';
import { readStatus, slugInput, statusShape } from './status.ts';

const tags = ['tenants'];

const currentShape = tenantShape
  .extend({
    allowAssumedIdentity: z.boolean().describe('Whether platform operators may assume the identity of members'),
  })
  .meta({ id: 'CurrentTenant' });

export const tenantsRouter = router({
  create: userProcedure
    .meta({
      openapi: { method: 'POST', path: '/tenants', tags, summary: 'Create a tenant and become its admin' },
      refusals: ['SLUG_TAKEN'],
      successStatus: 202,
      audit: { action: 'tenant.create', entityType: 'tenant' },
    })
    .input(z.strictObject({ name: nameInput, slug: slugSchema }))
    .output(acceptedShape)
    .mutation(async ({ ctx, input }) => {
      // The row goes to the platform's log. The token's tenant must not learn which other tenants its members have.
      ctx.auditEntry.note({ tenantId: null });
      const tenantId = await createTenant(ctx, ctx.db, input);
      await ctx.db.insert(memberships).values({ userId: ctx.user.id, tenantId, role: 'admin' });
      ctx.auditEntry.note({ entityId: tenantId, changes: changesBetween({}, input) });
      return { tenant: { slug: input.slug, status: 'provisioning' as const } };
    }),

  // Must stand before `/tenants/{slug}`, because the first path that matches is used.
  get: memberLobbyProcedure
    .meta({
      openapi: { method: 'GET', path: '/tenants/current', tags, summary: 'Get the tenant in X-Tenant-Slug' },
      audit: { action: 'tenant.read', entityType: 'tenant' },
      admits: ['apiKey', 'assumedIdentity'],
    })
    .output(currentShape)
    .query(async ({ ctx }) => {
      const { allowAssumedIdentity } = await readSettings(ctx.db, ctx.tenant.id);
      return { ...toTenantShape(ctx.tenant, ctx.role), allowAssumedIdentity };
    }),

  update: adminLobbyProcedure
    .meta({
      openapi: { method: 'PATCH', path: '/tenants/current', tags, summary: 'Update the tenant (admins)' },
      refusals: ['SLUG_TAKEN', 'CONFLICT'],
      audit: { action: 'tenant.update', entityType: 'tenant' },
      admits: ['apiKey'],
    })
    .input(
      z.strictObject({
        name: nameInput.optional(),
        slug: slugSchema.optional(),
        allowAssumedIdentity: z
          .boolean()
          .optional()
          .describe('Whether platform operators may assume the identity of members'),
      }),
    )
    .output(currentShape)
    .mutation(async ({ ctx, input }) => {
      const tenantId = ctx.tenant.id;
      ctx.auditEntry.note({ entityId: tenantId });
      if (ctx.actor.type === 'apiKey' && input.allowAssumedIdentity !== undefined) {
        throw new AppError(
          'FORBIDDEN',
          'API keys cannot change allowAssumedIdentity. Use the access token of an admin.',
        );
      }
      await lockMembersAsAdmin(ctx.db, tenantId, ctx.actor);
      if (input.allowAssumedIdentity === false) await alsoEndIdentities(ctx.db, ctx.auditEntry, { tenantId });
      const { before, after } = await updateTenant(ctx.db, tenantId, input);
      ctx.auditEntry.note({ changes: changesBetween(before, after) });
      const { allowAssumedIdentity, ...named } = after;
      return { ...toTenantShape({ ...ctx.tenant, ...named }, ctx.role), allowAssumedIdentity };
    }),

  status: userProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/tenants/{slug}/status',
        tags,
        summary: 'Get the provisioning status of a tenant',
      },
      refusals: ['TENANT_NOT_FOUND'],
      audit: { action: 'tenant.status', entityType: 'tenant' },
    })
    .input(slugInput)
    .output(statusShape)
    .query(({ ctx, input }) => readStatus(ctx.db, ctx.user.id, input.slug)),

  /** Streams each provisioning step as a server-sent event, and ends after the last one. */
  onStatus: unboundUserProcedure
    .meta({ audit: { action: 'tenant.watch', entityType: 'tenant' } })
    .input(subscriptionInput(slugInput.shape))
    .subscription(async ({ ctx, input, signal }) => {
      // Checked before the stream opens, so that a caller who is no member gets an error response instead of a stream.
      await enterAsUser(ctx.pool, { caller: ctx.caller, readOnly: true, admitted: true }, ({ tx, actor }) =>
        readStatus(tx, actor.user.id, input.slug),
      );
      const close = openStream(ctx, ctx.user.id);
      return closing(
        watchStatus(ctx.pool, { caller: ctx.caller, slug: input.slug, signal, ending: ctx.ending }),
        close,
      );
    }),
});
