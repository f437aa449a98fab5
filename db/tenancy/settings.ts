import { and, eq, sql } from 'drizzle-orm';
import { AppError } from '../../core/errors.ts';
import type { Slug } from '../../core/tenancy/slug.ts';
import { formerSlugs, tenants } from '../tables/lobby.ts';
import type { Tx } from '../connection/lane.ts';
import { refuseTakenSlug, slugTaken } from './tenants.ts';

/** What an admin may change of a tenant. */
type TenantSettings = {
  name: string;
  slug: Slug;
  allowAssumedIdentity: boolean;
};

/** Each stays taken for everyone else. */
const FORMER_SLUGS_AT_MOST = 10;

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
  if (after.slug !== before.slug) await moveSlug(tx, tenantId, before.slug, after.slug);
  return { before, after };
}

async function moveSlug(tx: Tx, tenantId: string, from: Slug, to: Slug): Promise<void> {
  // Another tenant's former slugs can't be seen from here; that one of them is in the way can.
  await tx.insert(formerSlugs).values({ slug: to, tenantId }).onConflictDoNothing();
  const own = await tx
    .delete(formerSlugs)
    .where(and(eq(formerSlugs.slug, to), eq(formerSlugs.tenantId, tenantId)))
    .returning({ slug: formerSlugs.slug });
  if (own.length === 0) throw slugTaken(to);
  await tx.insert(formerSlugs).values({ slug: from, tenantId });
  if ((await tx.$count(formerSlugs, eq(formerSlugs.tenantId, tenantId))) > FORMER_SLUGS_AT_MOST) {
    throw new AppError(
      'CONFLICT',
      `A tenant can have at most ${FORMER_SLUGS_AT_MOST} former slugs. Choose one of them as its slug.`,
    );
  }
}
