import type { RoleName, SchemaName } from '../../../core/tenancy/slug-format.ts';
import { hasCitus } from './citus.ts';
import { migrateTenantSchema } from '../../migrations/owner/migrate.ts';
import { readSets, schemaVersion } from '../../migrations/sets.ts';
import type { Owner, OwnerTx } from '../../connection/owner/connect.ts';

/** Where a tenant lives in PostgreSQL. */
export interface TenantHome {
  tenantId: string;
  schemaName: SchemaName;
  dbRole: RoleName;
}

/** A schema of this name is there already, and it is not this tenant's. */
class ForeignSchemaError extends Error {
  override readonly name = 'ForeignSchemaError';
}

// Each of these may be run again at any time, after any part of it: a workflow repeats what it does not know done.
// Statements that wait for nothing but their turn are sent in one flight.

/** Makes the tenant's role: of the group `tenants`, and one that the app's role may take on but does not inherit. */
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
      // Since 16 a grant says for itself whether it is inherited; before, the app's NOINHERIT does.
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
 * Drops the role with all that it owns or was granted in this database: large objects, functions, default privileges,
 * whatever the schema. PostgreSQL drops no role that has any of these.
 * @throws PostgresError when something that is not the role's depends on what it owns
 */
async function dropRoleIn(tx: OwnerTx, dbRole: RoleName): Promise<void> {
  const [role] = await tx<{ modern: boolean }[]>`
    select current_setting('server_version_num')::int >= 160000 as modern
    from pg_catalog.pg_roles where rolname = ${dbRole}`;
  if (!role) return;
  await Promise.all([
    // DROP OWNED asks for the role's own rights: since 16 a CREATEROLE does not have them, but may grant them to itself.
    role.modern
      ? tx`grant ${tx(dbRole)} to current_user with inherit true, set false`
      : tx`grant ${tx(dbRole)} to current_user`,
    tx`drop owned by ${tx(dbRole)}`,
    tx`drop role ${tx(dbRole)}`,
  ]);
}

/** @throws ForeignSchemaError when the name is taken by something else */
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
      // COMMENT takes no parameters; an id has nothing to quote.
      tx.unsafe(`comment on schema "${schemaName}" is '${ownMark(home)}'`),
      tx`grant usage on schema ${tx(schemaName)} to ${tx(dbRole)}`,
    ]);
  });
}

/** Drops the tenant's schema with all that is in it; a schema of that name that is not the tenant's stays. */
export async function dropSchema(owner: Owner, home: TenantHome): Promise<void> {
  await owner.begin((tx) => dropSchemaIn(tx, home));
}

/** Removes all that PostgreSQL has of a tenant but its rows in the lobby, in the transaction at hand. */
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

/** Brings the schema to the newest version of each set and gives the tenant's role its rights there. */
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

/** Waits for whoever else works on this home: a workflow's second try may overtake its first. */
async function lockHome(tx: OwnerTx, dbRole: RoleName): Promise<void> {
  await tx`select pg_advisory_xact_lock(hashtextextended(${dbRole}, 0))`;
}

function ownMark({ tenantId }: TenantHome): string {
  return `atrium tenant ${tenantId}`;
}

/** A schema's comment: empty without one, `undefined` without a schema. */
async function markOf(tx: OwnerTx, schemaName: SchemaName): Promise<string | undefined> {
  const [row] = await tx<{ mark: string }[]>`
    select coalesce(obj_description(oid, 'pg_namespace'), '') as mark from pg_namespace where nspname = ${schemaName}`;
  return row?.mark;
}
