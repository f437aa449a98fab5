import { sql } from 'drizzle-orm';
import type { Pool } from '../connection/pool.ts';
import { readSets, type MigrationSet } from './sets.ts';

/**
 * Checks that the server runs as the app's role, without more rights. The isolation of tenants depends on it.
 * @throws Error that names the rights that the role must not have
 */
export async function assertAppRole(pool: Pool): Promise<void> {
  const [row] = await pool.transaction({ readOnly: true }, (tx) =>
    tx.execute<{ name: string; excess: string }>(sql`
      select rolname as name, concat_ws(', ',
        case when rolsuper then 'SUPERUSER' end,
        case when rolbypassrls then 'BYPASSRLS' end,
        case when rolcreaterole then 'CREATEROLE' end,
        case when exists (select from pg_catalog.pg_class where relowner = r.oid)
          or exists (select from pg_catalog.pg_class where relnamespace = 'public'::regnamespace
            and pg_catalog.pg_has_role(current_user, relowner, 'MEMBER')) then 'ownership of tables' end
      ) as excess
      from pg_catalog.pg_roles r where rolname = current_user`),
  );
  if (row && row.excess !== '') {
    throw new Error(
      `DATABASE_URL logs in as ${row.name}, which has ${row.excess}. The server must log in as the app role, which db/migrations/owner/bootstrap.sql creates`,
    );
  }
}

/** The sets of the lobby. They are read once, at the first check, since `/readyz` checks every second. */
let lobbySets: readonly MigrationSet[] | undefined;

/** Whether the lobby has all migrations that this code needs. It may have later ones. @throws AppError `OVERLOADED` */
export async function lobbyIsCurrent(pool: Pool): Promise<boolean> {
  const rows = await pool.transaction({ readOnly: true }, (tx) =>
    tx.execute<{ set: string; version: number }>(
      sql`select set, max(version) as version from public.atrium_versions group by set`,
    ),
  );
  lobbySets ??= readSets('lobby');
  const versions = new Map(Array.from(rows, ({ set, version }) => [set, version]));
  return lobbySets.every(({ name, migrations }) => (versions.get(name) ?? 0) >= migrations.length);
}
