import type { RoleName, Slug } from '../../../core/tenancy/slug-format.ts';
import { tryEach, type JobFailure } from '../../connection/batch.ts';
import type { Owner, OwnerTx } from '../../connection/owner/connect.ts';

// The nodes of a Citus cluster connect to each other as the role of the session, so a tenant's role must be able to log in
// to the database of each node. The role has no password, so only nodes that pg_hba.conf admits without one can use it.

/** Whether the database belongs to a Citus cluster. */
export async function hasCitus(sql: Owner | OwnerTx): Promise<boolean> {
  const rows = await sql`select from pg_catalog.pg_extension where extname = 'citus'`;
  return rows.length > 0;
}

/**
 * Lets the roles of all tenants log in if the database belongs to a Citus cluster, and else forbids it. This fixes tenants
 * that were created before the extension was added or removed. Repeatable.
 * @returns how many roles were changed, and the failures by the slugs of their tenants
 */
export async function fitRolesToCitus(
  owner: Owner,
): Promise<{ citus: boolean; changed: number; failed: JobFailure[] }> {
  const citus = await hasCitus(owner);
  const [database] = await owner<{ name: string; open: boolean }[]>`
    select current_database() as name, has_database_privilege('tenants', current_database(), 'connect') as open`;
  if (database && database.open !== citus) {
    await (citus
      ? owner`grant connect on database ${owner(database.name)} to tenants`
      : owner`revoke connect on database ${owner(database.name)} from tenants`);
  }
  const unfit = await owner<{ id: string; slug: Slug; role: RoleName }[]>`
    select t.id, t.slug, t.db_role as role from public.tenants t join pg_catalog.pg_roles r on r.rolname = t.db_role
    where r.rolcanlogin <> ${citus} order by t.id`;
  const failed = await tryEach(
    unfit.map(({ id: tenantId, slug: item, role }) => ({
      item,
      tenantId,
      work: () => (citus ? owner`alter role ${owner(role)} login` : owner`alter role ${owner(role)} nologin`),
    })),
  );
  return { citus, changed: unfit.length - failed.length, failed };
}
