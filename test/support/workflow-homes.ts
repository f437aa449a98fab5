import { v7 as uuidv7 } from 'uuid';
import {
  roleNameOf,
  schemaNameOf,
  slugSchema,
  type RoleName,
  type SchemaName,
} from '../../core/tenancy/slug-format.ts';
import type { TenantStatus } from '../../db/tables/lobby.ts';
import type { Owner } from '../../db/connection/owner/connect.ts';
import type { TenantHome } from '../../db/tenancy/owner/provision.ts';
import { freshSlug } from './people.ts';

/** Inserts a tenant that waits for provisioning. Only the test provisions it. */
export async function insertTenant(owner: Owner): Promise<TenantHome & { slug: string }> {
  const id = uuidv7();
  const slug = slugSchema.parse(freshSlug('bench'));
  const home = { tenantId: id, schemaName: schemaNameOf(slug), dbRole: roleNameOf(id) };
  await owner`
    insert into public.tenants (id, slug, name, schema_name, db_role)
    values (${id}, ${slug}, 'Bench', ${home.schemaName}, ${home.dbRole})`;
  return { ...home, slug };
}

/** @returns the schema and role of the tenant with this slug */
export async function homeOf(owner: Owner, slug: string): Promise<TenantHome & { slug: string }> {
  const [row] = await owner<{ id: string; schema: SchemaName; role: RoleName }[]>`
    select id, schema_name as schema, db_role as role from public.tenants where slug = ${slug}`;
  if (!row) throw new Error(`There is no tenant ${slug}`);
  return { slug, tenantId: row.id, schemaName: row.schema, dbRole: row.role };
}

interface TenantRow {
  status: TenantStatus;
  step: string | null;
  error: string | null;
  version: number;
}

/** @returns the state of a tenant: its row, the audit rows of its provisioning, and whether its role and schema exist */
export async function lookAt(owner: Owner, { tenantId, schemaName, dbRole }: TenantHome) {
  const [row] = await owner<TenantRow[]>`
    select status, provisioning_step as step, provisioning_error as error, schema_version as version
    from public.tenants where id = ${tenantId}`;
  const audit = await owner<{ outcome: string }[]>`
    select outcome from public.audit_logs
    where tenant_id = ${tenantId} and action = 'tenant.provision' order by created_at, id`;
  const [schema] = await owner`select from pg_namespace where nspname = ${schemaName}`;
  const [role] = await owner`select from pg_roles where rolname = ${dbRole}`;
  return {
    ...row,
    audit: audit.map(({ outcome }) => outcome),
    schema: schema !== undefined,
    role: role !== undefined,
  };
}

/**
 * Describes all that provisioning created in PostgreSQL. The names of the tenant are replaced, so that the descriptions of
 * two equal tenants are equal.
 */
export async function describeHome(owner: Owner, { schemaName, dbRole }: TenantHome): Promise<unknown> {
  const relations = await owner`
    select c.relname, c.relkind, c.relacl::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schemaName} order by c.relname`;
  const [schema] = await owner`select nspacl::text from pg_namespace where nspname = ${schemaName}`;
  const memberships = await owner`
    select g.rolname as of, m.rolname as member, a.inherit_option, a.set_option, a.admin_option
    from pg_auth_members a join pg_roles g on g.oid = a.roleid join pg_roles m on m.oid = a.member
    where ${dbRole} in (g.rolname, m.rolname) order by 1, 2`;
  const settings = await owner`select key, value from ${owner(schemaName)}.settings order by key`;
  const migrations = await owner`
    select set, version, hash from ${owner(schemaName)}.atrium_versions order by set, version`;
  const all = JSON.stringify({ relations, schema, memberships, settings, migrations });
  return JSON.parse(all.replaceAll(dbRole, '<role>').replaceAll(schemaName, '<schema>'));
}
