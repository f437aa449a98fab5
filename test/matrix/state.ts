import type postgres from 'postgres';
import type { Housed } from '../support/pool-tenants.ts';
import type { Stage } from './stage.ts';

/** A table, and the columns with the tenant or user of a row. */
interface Table {
  schema: string;
  name: string;
  columns: string[];
}

/** Watches the rows of some people and of the tenants of the stage. */
export interface Watch {
  /** @returns a digest of the rows of each lobby table, and the number of the server's writes to each tenant table */
  stateOf(userIds: readonly string[]): Promise<Record<string, string>>;
}

/**
 * Watches every lobby table about a tenant or a person, and every tenant table. It finds them by their columns, so that new
 * tables are watched too. The audit log, the outbox and the times of last use are left out. In tenant tables only writes
 * by the server count, because a workflow may write there at any time.
 * @param server the login role of the server
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

/** Makes PostgreSQL note each change of a row in a tenant's tables, with its role. A rolled back change leaves no note. */
async function noteWrites(sql: postgres.Sql, schema: string, tables: readonly Table[]): Promise<void> {
  await sql`create table ${sql(schema)}.noted_writes ("table" text not null, role text not null)`;
  // SECURITY DEFINER, so that the tenant's role needs no right on the notes. The login role is still the same.
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

/** @returns the condition for the rows to watch, or `undefined` for a table that is not about a tenant or a person */
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
