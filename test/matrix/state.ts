import type postgres from 'postgres';
import type { Housed } from '../support/pool-tenants.ts';
import type { Stage } from './stage.ts';

/** A table, and the columns that say whose its rows are. */
interface Table {
  schema: string;
  name: string;
  columns: string[];
}

/** Digests of all that these people and the tenants of the stage have. */
export interface Watch {
  stateOf(userIds: readonly string[]): Promise<Record<string, string>>;
}

/**
 * Looks at every table of the lobby that is about a tenant or a person, and at the tenants' own: they are found by their
 * columns, so new ones are looked at as well. The audit log and the outbox are not among them, nor is when somebody was
 * last seen.
 */
export async function createWatch({ sql, home, away, open }: Stage): Promise<Watch> {
  const schemas = [home, away].map(({ schema }: Housed) => schema);
  const tenantIds = [home, away, open].map(({ tenantId }) => tenantId);
  const tables = await sql<Table[]>`
    select n.nspname as schema, c.relname as name, array_agg(a.attname::text) as columns
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relkind = 'r' and (n.nspname = any(${schemas})
      or n.nspname = 'public' and c.relname <> 'outbox' and c.relname not like 'audit%')
    group by 1, 2`;
  return {
    async stateOf(userIds) {
      const digests = tables.map(async (table): Promise<[string, string][]> => {
        const { schema, name } = table;
        const chosen = schema === 'public' ? rowsOf(sql, table, tenantIds, [...userIds]) : sql`true`;
        if (!chosen) return [];
        const [digest] = await sql<{ is: string }[]>`
          select count(*) || ' rows, ' || md5(coalesce(string_agg(row, chr(10) order by row), '')) as is
          from (select (to_jsonb(t) - 'last_seen_at' - 'last_used_at')::text as row
            from ${sql(schema)}.${sql(name)} t where ${chosen}) rows`;
        return [[`${schema}.${name}`, digest?.is ?? 'gone']];
      });
      return Object.fromEntries((await Promise.all(digests)).flat());
    },
  };
}

/** Which rows of a lobby table count; `undefined` for a table that is about no tenant and nobody. */
function rowsOf(sql: postgres.Sql, { name, columns }: Table, tenantIds: string[], userIds: string[]) {
  if (name === 'tenants') return sql`t.id = any(${tenantIds})`;
  if (name === 'users') return sql`t.id = any(${userIds})`;
  const [tenant, user, session] = ['tenant_id', 'user_id', 'session_id'].map((column) => columns.includes(column));
  if (!tenant && !user && !session) return undefined;
  return sql`
    ${tenant ? sql`t.tenant_id = any(${tenantIds})` : sql`false`}
    or ${user ? sql`t.user_id = any(${userIds})` : sql`false`}
    or ${session ? sql`t.session_id in (select id from public.sessions where user_id = any(${userIds}))` : sql`false`}`;
}
