import { v7 as uuidv7 } from 'uuid';
import { roleNameOf, schemaNameOf, type Slug } from '../../core/tenancy/slug-format.ts';
import { insertOnly } from '../connection/insert.ts';
import { tenants } from '../tables/lobby.ts';
import { enqueue } from '../outbox/enqueue.ts';
import type { Tx } from '../connection/lane.ts';
import { refuseFormerSlug, refuseTakenSlug } from './slugs.ts';

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
  await refuseFormerSlug(tx, tenant.slug);
  await enqueue(tx, id, { kind: 'tenant.provision', payload: {} });
  return id;
}
