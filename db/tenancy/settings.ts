import { eq } from 'drizzle-orm';
import type { Slug } from '../../core/tenancy/slug-format.ts';
import { now } from '../connection/clock.ts';
import { tenants } from '../tables/lobby.ts';
import type { Tx } from '../connection/lane.ts';
import { changeSlug, refuseTakenSlug } from './slugs.ts';

/** The settings of a tenant that an admin may change. */
type TenantSettings = {
  name: string;
  slug: Slug;
  allowAssumedIdentity: boolean;
};

const columns = {
  name: tenants.name,
  slug: tenants.slug,
  allowAssumedIdentity: tenants.allowAssumedIdentity,
};

/** @returns the settings of the tenant that the transaction is bound to */
export async function readSettings(tx: Tx, tenantId: string): Promise<TenantSettings> {
  const [settings] = await tx.select(columns).from(tenants).where(eq(tenants.id, tenantId));
  if (!settings) throw new Error('The tenant of this transaction is gone');
  return settings;
}

/**
 * Changes the tenant that the transaction is bound to. Its former slug stays reserved for it.
 * @returns the settings before and after
 * @throws AppError `SLUG_TAKEN`; `CONFLICT` if the tenant has too many former slugs
 */
export async function updateTenant(
  tx: Tx,
  tenantId: string,
  wish: { [Field in keyof TenantSettings]?: TenantSettings[Field] | undefined },
): Promise<{ before: TenantSettings; after: TenantSettings }> {
  const [before] = await tx.select(columns).from(tenants).where(eq(tenants.id, tenantId)).for('no key update');
  if (!before) throw new Error('The tenant of this transaction is gone');
  const after = {
    name: wish.name ?? before.name,
    slug: wish.slug ?? before.slug,
    allowAssumedIdentity: wish.allowAssumedIdentity ?? before.allowAssumedIdentity,
  };
  await tx
    .update(tenants)
    .set({ ...after, updatedAt: now() })
    .where(eq(tenants.id, tenantId))
    .catch((error: unknown) => refuseTakenSlug(error, after.slug));
  if (after.slug !== before.slug) await changeSlug(tx, tenantId, { from: before.slug, to: after.slug });
  return { before, after };
}
