import type { RoleName, SchemaName, Slug } from '../../../core/tenancy/slug.ts';
import { tryEach, type JobFailure } from '../../connection/batch.ts';
import { readMigrations } from '../../migrations/files.ts';
import type { Owner } from '../../connection/owner/connect.ts';
import { migrateTenant } from './provision.ts';

interface Behind {
  id: string;
  slug: Slug;
  schema_name: SchemaName;
  db_role: RoleName;
}

/**
 * Migrates the tenants that are behind, one after the other. One that fails is left as it was, and the rest go on.
 * @returns how many were migrated, and which were not, by their slugs
 * @throws the connection's error when the database is away
 */
export async function migrateFleet(owner: Owner): Promise<{ migrated: number; failed: JobFailure[] }> {
  const newest = readMigrations('tenant').length;
  const behind = await owner<Behind[]>`
    select id, slug, schema_name, db_role from public.tenants
    where schema_version < ${newest} and status in ('ready', 'suspended', 'deleted') order by id`;
  const failed = await tryEach(
    behind.map(({ id: tenantId, slug: item, schema_name: schemaName, db_role: dbRole }) => ({
      item,
      tenantId,
      work: () => migrateTenant(owner, { tenantId, schemaName, dbRole }),
    })),
  );
  return { migrated: behind.length - failed.length, failed };
}
