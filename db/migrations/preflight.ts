import { sql } from 'drizzle-orm';
import type { Pool } from '../connection/pool.ts';
import { readSets, type MigrationSet } from './sets.ts';

/**
 * Makes sure that the server runs as the app's role and nothing stronger: everything that keeps tenants apart rests
 * on it.
 * @throws Error saying what the role has that it must not
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

/** Of the lobby, as this process's code was written for it. Read at the first question: `/readyz` asks every second. */
let lobbySets: readonly MigrationSet[] | undefined;

/** Whether PostgreSQL answers and the lobby is at the versions that this code was written for, or at later ones. */
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
