import { eq, sql } from 'drizzle-orm';
import type { Slug } from '../../core/tenancy/slug-format.ts';
import { tenants } from '../tables/lobby.ts';
import type { Tx } from '../connection/lane.ts';
import { changeSlug, refuseTakenSlug } from './slugs.ts';

/** What an admin may change of a tenant. */
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

/** Reads the settings of the tenant at hand. */
export async function readSettings(tx: Tx, tenantId: string): Promise<TenantSettings> {
  const [settings] = await tx.select(columns).from(tenants).where(eq(tenants.id, tenantId));
  if (!settings) throw new Error('The tenant of this transaction is gone');
  return settings;
}

/**
 * Changes the tenant at hand. A slug that it leaves stays its own.
 * @throws AppError `SLUG_TAKEN`; `CONFLICT` where it has left too many
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
    .set({ ...after, updatedAt: sql`now()` })
    .where(eq(tenants.id, tenantId))
    .catch((error: unknown) => refuseTakenSlug(error, after.slug));
  if (after.slug !== before.slug) await changeSlug(tx, tenantId, { from: before.slug, to: after.slug });
  return { before, after };
}
