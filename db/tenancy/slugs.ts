import { and, eq } from 'drizzle-orm';
import { AppError } from '../../core/errors.ts';
import type { Slug } from '../../core/tenancy/slug-format.ts';
import { violatesUnique } from '../connection/errors.ts';
import type { Tx } from '../connection/lane.ts';
import { formerSlugs } from '../tables/lobby.ts';

// Whether a slug is free: no tenant has it, and no tenant has left it.

/** Former slugs of one tenant. There is a limit, since no other tenant can take a former slug. */
const FORMER_SLUGS_AT_MOST = 10;

/** @throws AppError `SLUG_TAKEN` if the error says that another tenant has the slug. Any other error is thrown as it is */
export function refuseTakenSlug(error: unknown, slug: Slug): never {
  if (violatesUnique(error, 'tenants_slug_key') || violatesUnique(error, 'tenants_schema_name_key')) {
    throw slugTaken(slug, error);
  }
  throw error;
}

/**
 * Called after the new tenant's row was written, so that a slug which its tenant leaves at the same moment is found too.
 * @throws AppError `SLUG_TAKEN` if it is the former slug of a tenant
 */
export async function refuseFormerSlug(tx: Tx, slug: Slug): Promise<void> {
  const former = await tx.select({ slug: formerSlugs.slug }).from(formerSlugs).where(eq(formerSlugs.slug, slug));
  if (former.length > 0) throw slugTaken(slug);
}

/**
 * Keeps `from` as a former slug of the tenant. The tenant may take back a former slug of its own as `to`.
 * @throws AppError `SLUG_TAKEN` if `to` is the former slug of another tenant; `CONFLICT` if this tenant has too many
 */
export async function changeSlug(tx: Tx, tenantId: string, { from, to }: { from: Slug; to: Slug }): Promise<void> {
  // Row-level security hides other tenants' former slugs. This insert does nothing if one of them is in the way.
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

function slugTaken(slug: Slug, cause?: unknown): AppError {
  return new AppError('SLUG_TAKEN', `The slug ${slug} is taken. Choose another one.`, {}, cause);
}
