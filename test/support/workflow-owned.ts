import { randomBytes } from 'node:crypto';
import type postgres from 'postgres';
import type { TenantHome } from '../../db/tenancy/owner/provision.ts';

/** An object that prevents a role from being dropped until it is released. */
export interface Pin extends AsyncDisposable {
  release(): Promise<void>;
}

/** Gives a tenant's role one of each kind of object that prevents PostgreSQL from dropping the role. */
export async function ownSomething(superuser: postgres.Sql, { dbRole }: TenantHome): Promise<void> {
  const name = `owned_${randomBytes(5).toString('hex')}`;
  const [object] = await superuser<{ id: number }[]>`select lo_from_bytea(0, 'owned') as id`;
  await superuser.unsafe(`
    alter large object ${object?.id} owner to "${dbRole}";
    create schema ${name};
    alter schema ${name} owner to "${dbRole}";
    create function ${name}.one() returns int language sql as 'select 1';
    alter function ${name}.one() owner to "${dbRole}";
    create table ${name}.t (v int default ${name}.one());
    alter table ${name}.t owner to "${dbRole}";
    create type ${name}.mood as enum ('calm');
    alter type ${name}.mood owner to "${dbRole}";
    grant select on public.users to "${dbRole}";
    grant create on database atrium to "${dbRole}";
    alter default privileges for role "${dbRole}" grant select on tables to tenants`);
}

/** Makes an object of another role depend on an object of this role, which must then not be dropped. */
export async function pinRole(superuser: postgres.Sql, { dbRole }: TenantHome): Promise<Pin> {
  const name = `pinned_${randomBytes(5).toString('hex')}`;
  await superuser.unsafe(`
    create schema ${name};
    create function ${name}.one() returns int language sql as 'select 1';
    create table ${name}.t (v int default ${name}.one());
    alter function ${name}.one() owner to "${dbRole}"`);
  let released = false;
  async function release(): Promise<void> {
    if (released) return;
    released = true;
    await superuser.unsafe(`drop schema ${name} cascade`);
  }
  return { release, [Symbol.asyncDispose]: release };
}
