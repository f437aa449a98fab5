import type { RoleName, SchemaName } from '../../../core/tenancy/slug-format.ts';
import { hasCitus } from './citus.ts';
import { migrateTenantSchema } from '../../migrations/owner/migrate.ts';
import { readSets, schemaVersion } from '../../migrations/sets.ts';
import type { Owner, OwnerTx } from '../../connection/owner/connect.ts';

/** The schema and the role of a tenant in PostgreSQL. */
export interface TenantHome {
  tenantId: string;
  schemaName: SchemaName;
  dbRole: RoleName;
}

/** A schema of this name already exists, and is not this tenant's. */
class ForeignSchemaError extends Error {
  override readonly name = 'ForeignSchemaError';
}

// Every function here can be repeated at any time, also after it failed halfway, since a workflow retries it. Statements
// that do not need each other's results are sent together.

/** Creates the tenant's role. It is in the group `tenants`. The app's role may set it, but does not inherit its rights. */
export async function createRole(owner: Owner, { dbRole }: TenantHome): Promise<void> {
  await owner.begin(async (tx) => {
    await lockHome(tx, dbRole);
    const [server] = await tx<{ found: boolean; modern: boolean }[]>`
      select exists (select from pg_catalog.pg_roles where rolname = ${dbRole}) as found,
        current_setting('server_version_num')::int >= 160000 as modern`;
    const login = tx.unsafe((await hasCitus(tx)) ? 'login' : 'nologin');
    await Promise.all([
      server?.found ? tx`alter role ${tx(dbRole)} ${login}` : tx`create role ${tx(dbRole)} ${login}`,
      tx`grant tenants to ${tx(dbRole)}`,
      // Since PostgreSQL 16 each grant sets whether it is inherited. Before, NOINHERIT of the app's role does.
      server?.modern
        ? tx`grant ${tx(dbRole)} to atrium_app with inherit false, set true`
        : tx`grant ${tx(dbRole)} to atrium_app`,
    ]);
  });
}

export async function dropRole(owner: Owner, { dbRole }: TenantHome): Promise<void> {
  await owner.begin(async (tx) => {
    await lockHome(tx, dbRole);
    await dropRoleIn(tx, dbRole);
  });
}

/**
 * Drops the role and everything in this database that it owns or was granted, in all schemas: large objects, functions,
 * default privileges. PostgreSQL refuses to drop a role that still has any of these.
 * @throws PostgresError if an object of another role depends on an object of this role
 */
async function dropRoleIn(tx: OwnerTx, dbRole: RoleName): Promise<void> {
  const [role] = await tx<{ modern: boolean }[]>`
    select current_setting('server_version_num')::int >= 160000 as modern
    from pg_catalog.pg_roles where rolname = ${dbRole}`;
  if (!role) return;
  await Promise.all([
    // DROP OWNED needs the rights of the role. Since PostgreSQL 16 a role with CREATEROLE must grant them to itself first.
    role.modern
      ? tx`grant ${tx(dbRole)} to current_user with inherit true, set false`
      : tx`grant ${tx(dbRole)} to current_user`,
    tx`drop owned by ${tx(dbRole)}`,
    tx`drop role ${tx(dbRole)}`,
  ]);
}

/** Creates the tenant's schema. @throws ForeignSchemaError if a schema of this name exists and is not the tenant's */
export async function createSchema(owner: Owner, home: TenantHome): Promise<void> {
  const { schemaName, dbRole } = home;
  await owner.begin(async (tx) => {
    await lockHome(tx, dbRole);
    const mark = await markOf(tx, schemaName);
    if (mark !== undefined && mark !== ownMark(home)) {
      throw new ForeignSchemaError(`The schema ${schemaName} exists and is not this tenant's`);
    }
    await Promise.all([
      ...(mark === undefined ? [tx`create schema ${tx(schemaName)}`] : []),
      // COMMENT takes no parameters. An id has no characters to quote.
      tx.unsafe(`comment on schema "${schemaName}" is '${ownMark(home)}'`),
      tx`grant usage on schema ${tx(schemaName)} to ${tx(dbRole)}`,
    ]);
  });
}

/** Drops the tenant's schema with everything in it. A schema of this name that is not the tenant's stays. */
export async function dropSchema(owner: Owner, home: TenantHome): Promise<void> {
  await owner.begin((tx) => dropSchemaIn(tx, home));
}

/** Removes the schema and the role of a tenant, in the current transaction. Its rows in the lobby stay. */
export async function removeHome(tx: OwnerTx, home: TenantHome): Promise<void> {
  await dropSchemaIn(tx, home);
  await dropRoleIn(tx, home.dbRole);
}

async function dropSchemaIn(tx: OwnerTx, home: TenantHome): Promise<void> {
  await lockHome(tx, home.dbRole);
  if ((await markOf(tx, home.schemaName)) === ownMark(home)) {
    await tx`drop schema ${tx(home.schemaName)} cascade`;
  }
}

/** Migrates the schema to the newest version of each set, and grants the tenant's role its rights there. */
export async function migrateTenant(owner: Owner, home: TenantHome, sets = readSets('tenant')): Promise<void> {
  const { tenantId, schemaName, dbRole } = home;
  await owner.begin(async (tx) => {
    const { versions, records } = await migrateTenantSchema(tx, schemaName, sets);
    await Promise.all([
      tx`grant select, insert, update, delete on all tables in schema ${tx(schemaName)} to ${tx(dbRole)}`,
      tx`grant usage on all sequences in schema ${tx(schemaName)} to ${tx(dbRole)}`,
      ...records.map((table) => tx`revoke all on ${tx(schemaName)}.${tx(table)} from ${tx(dbRole)}`),
      tx`
        update public.tenants set schema_version = ${schemaVersion(versions)}, atrium_version = ${versions.atrium},
          product_version = ${versions.product}, extension_versions = ${tx.json(versions.extensions)}
        where id = ${tenantId}`,
    ]);
  });
}

/** Locks the schema and role of a tenant, since the retry of an activity may run beside the first try. */
async function lockHome(tx: OwnerTx, dbRole: RoleName): Promise<void> {
  await tx`select pg_advisory_xact_lock(hashtextextended(${dbRole}, 0))`;
}

function ownMark({ tenantId }: TenantHome): string {
  return `atrium tenant ${tenantId}`;
}

/** @returns the comment of a schema; an empty text if it has none, and `undefined` if there is no schema */
async function markOf(tx: OwnerTx, schemaName: SchemaName): Promise<string | undefined> {
  const [row] = await tx<{ mark: string }[]>`
    select coalesce(obj_description(oid, 'pg_namespace'), '') as mark from pg_namespace where nspname = ${schemaName}`;
  return row?.mark;
}
