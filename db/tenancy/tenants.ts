import { eq } from 'drizzle-orm';
import { v7 as uuidv7 } from 'uuid';
import { AppError } from '../../core/errors.ts';
import { roleNameOf, schemaNameOf, type Slug } from '../../core/tenancy/slug.ts';
import { violatesUnique } from '../connection/errors.ts';
import { insertOnly } from '../connection/insert.ts';
import { formerSlugs, memberships, tenants } from '../tables/lobby.ts';
import { enqueue } from '../outbox/enqueue.ts';
import type { Tx } from '../connection/lane.ts';

/** What a user sees of a tenant of theirs, for a select that joins `memberships`. */
export const tenantColumns = {
  id: tenants.id,
  slug: tenants.slug,
  name: tenants.name,
  status: tenants.status,
  role: memberships.role,
};

/**
 * Takes a slug for a new tenant and queues its provisioning.
 * @returns the tenant's id
 * @throws AppError `SLUG_TAKEN`
 */
export async function createTenant(tx: Tx, tenant: { name: string; slug: Slug }): Promise<string> {
  const id = uuidv7();
  const home = { schemaName: schemaNameOf(tenant.slug), dbRole: roleNameOf(id) };
  await tx
    .execute(insertOnly(tenants, { id, ...tenant, ...home }))
    .catch((error: unknown) => refuseTakenSlug(error, tenant.slug));
  // Looked for after the slug was written: one that its tenant is leaving at this moment is seen by now.
  const former = await tx.select({ slug: formerSlugs.slug }).from(formerSlugs).where(eq(formerSlugs.slug, tenant.slug));
  if (former.length > 0) throw slugTaken(tenant.slug);
  await enqueue(tx, id, { kind: 'tenant.provision', payload: {} });
  return id;
}

/** @throws AppError `SLUG_TAKEN` for the violation that says so, and any other error as it is */
export function refuseTakenSlug(error: unknown, slug: Slug): never {
  if (violatesUnique(error, 'tenants_slug_key') || violatesUnique(error, 'tenants_schema_name_key')) {
    throw slugTaken(slug, error);
  }
  throw error;
}

export function slugTaken(slug: Slug, cause?: unknown): AppError {
  return new AppError('SLUG_TAKEN', `The slug ${slug} is taken. Choose another one.`, {}, cause);
}
