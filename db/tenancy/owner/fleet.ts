import type { RoleName, SchemaName, Slug } from '../../../core/tenancy/slug-format.ts';
import { tryEach, type JobFailure } from '../../connection/batch.ts';
import { newestVersions, readSets } from '../../migrations/sets.ts';
import type { Owner } from '../../connection/owner/connect.ts';
import { migrateTenant } from './provision.ts';

interface Behind {
  id: string;
  slug: Slug;
  schema_name: SchemaName;
  db_role: RoleName;
}

/**
 * Migrates all tenants that lack migrations of a set, or that have not recorded their migrations by sets yet, one after
 * another. A tenant whose migration fails stays unchanged, and the next ones are migrated.
 * @returns how many were migrated, and the failures by the slugs of their tenants
 * @throws the connection error if the database is unreachable
 */
export async function migrateFleet(
  owner: Owner,
  sets = readSets('tenant'),
): Promise<{ migrated: number; failed: JobFailure[] }> {
  const { atrium, product, extensions } = newestVersions(sets);
  const behind = await owner<Behind[]>`
    select t.id, t.slug, t.schema_name, t.db_role from public.tenants t
    where t.status in ('ready', 'suspended', 'deleted') and (
      t.atrium_version < ${atrium} or t.product_version < ${product}
      or exists (
        select from jsonb_each_text(${owner.json(extensions)}) as newest (name, version)
        where newest.version::int > coalesce((t.extension_versions ->> newest.name)::int, 0))
      or not exists (
        select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname = t.schema_name and c.relname = 'atrium_versions'))
    order by t.id`;
  const failed = await tryEach(
    behind.map(({ id: tenantId, slug: item, schema_name: schemaName, db_role: dbRole }) => ({
      item,
      tenantId,
      work: () => migrateTenant(owner, { tenantId, schemaName, dbRole }, sets),
    })),
  );
  return { migrated: behind.length - failed.length, failed };
}
