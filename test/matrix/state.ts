import type postgres from 'postgres';
import type { Housed } from '../support/pool-tenants.ts';
import type { Stage } from './stage.ts';

/** A table, and the columns that say whose its rows are. */
interface Table {
  schema: string;
  name: string;
  columns: string[];
}

/** What these people and the tenants of the stage have. */
export interface Watch {
  /** A digest of the rows of each table of the lobby; of each of the tenants' tables, how often the server wrote to it. */
  stateOf(userIds: readonly string[]): Promise<Record<string, string>>;
}

/**
 * Looks at every table of the lobby that is about a tenant or a person, and at the tenants' own: they are found by their
 * columns, so new ones are looked at as well. The audit log and the outbox are not among them, nor is when somebody was
 * last seen. A workflow may write to a tenant's tables at any time, so there only what the server writes counts.
 * @param server the role that the server logs in by
 */
export async function createWatch({ sql, home, away, open }: Stage, server: string): Promise<Watch> {
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
  for (const schema of schemas) await noteWrites(sql, schema, tables);
  return {
    async stateOf(userIds) {
      const states = tables.map(async (table): Promise<[string, string][]> => {
        const { schema, name } = table;
        if (schema !== 'public') {
          const [writes] = await sql<{ is: string }[]>`
            select count(*) || ' writes' as is from ${sql(schema)}.noted_writes where "table" = ${name} and role = ${server}`;
          return [[`${schema}.${name}`, writes?.is ?? 'gone']];
        }
        const chosen = rowsOf(sql, table, tenantIds, [...userIds]);
        if (!chosen) return [];
        const [digest] = await sql<{ is: string }[]>`
          select count(*) || ' rows, ' || md5(coalesce(string_agg(row, chr(10) order by row), '')) as is
          from (select (to_jsonb(t) - 'last_seen_at' - 'last_used_at')::text as row
            from ${sql(schema)}.${sql(name)} t where ${chosen}) rows`;
        return [[`${schema}.${name}`, digest?.is ?? 'gone']];
      });
      return Object.fromEntries((await Promise.all(states)).flat());
    },
  };
}

/** Has PostgreSQL note who changes a row of a tenant's tables. What is rolled back leaves no note. */
async function noteWrites(sql: postgres.Sql, schema: string, tables: readonly Table[]): Promise<void> {
  await sql`create table ${sql(schema)}.noted_writes ("table" text not null, role text not null)`;
  // By the right of its owner: the tenant's role must not need any on the notes. The role that logged in stays the same.
  await sql`
    create function ${sql(schema)}.note_write() returns trigger language plpgsql security definer as $$
    begin
      execute format('insert into %I.noted_writes values ($1, $2)', tg_table_schema) using tg_table_name, session_user;
      return null;
    end $$`;
  for (const { name } of tables.filter((table) => table.schema === schema)) {
    await sql`
      create trigger note_write after insert or update or delete on ${sql(schema)}.${sql(name)}
      for each row execute function ${sql(schema)}.note_write()`;
  }
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
