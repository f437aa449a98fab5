import { and, eq } from 'drizzle-orm';
import { AppError } from '../../core/errors.ts';
import { parseSlug } from '../../core/tenancy/slug-format.ts';
import { tenantNotFound } from '../../db/entering/enter.ts';
import { tenants } from '../../db/tables/lobby.ts';
import { enqueue } from '../procedures/costs.ts';
import { take } from '../procedures/limits.ts';
import { superuserProcedure } from '../procedures/levels.ts';
import { acceptedShape } from '../shapes.ts';
import { slugInput } from '../tenants/status.ts';

/** Starts the provisioning of a failed tenant again. */
export const retryProvisioning = superuserProcedure
  .meta({
    openapi: {
      method: 'POST',
      path: '/admin/tenants/{slug}/retry',
      tags: ['admin'],
      summary: 'Retry the provisioning of a failed tenant',
    },
    refusals: ['TENANT_NOT_FOUND', 'CONFLICT'],
    successStatus: 202,
    audit: { action: 'tenant.retry_provisioning', entityType: 'tenant' },
  })
  .input(slugInput)
  .output(acceptedShape)
  .mutation(async ({ ctx, input }) => {
    const slug = parseSlug(input.slug);
    if (slug === undefined) throw tenantNotFound();
    const [tenant] = await ctx.db.select({ id: tenants.id }).from(tenants).where(eq(tenants.slug, slug));
    if (!tenant) throw tenantNotFound();
    ctx.auditEntry.note({ entityId: tenant.id });
    await take(ctx, ['retriesByTenant', tenant.id]);
    const [retried] = await ctx.db
      .update(tenants)
      .set({ status: 'provisioning', provisioningStep: null, provisioningError: null })
      .where(and(eq(tenants.id, tenant.id), eq(tenants.status, 'failed')))
      .returning({ id: tenants.id });
    if (!retried) throw new AppError('CONFLICT', 'Only a tenant whose status is failed can be provisioned again.');
    await enqueue(ctx, ctx.db, tenant.id, { kind: 'tenant.provision', payload: {} });
    ctx.auditEntry.note({ changes: { status: ['failed', 'provisioning'] } });
    return { tenant: { slug, status: 'provisioning' as const } };
  });
