import type postgres from 'postgres';

/**
 * Describes a schema from PostgreSQL's catalog, with one line per relation (with its rights), column, constraint, index,
 * policy, trigger, function and enum. The name of the schema and other given names are replaced, so that the descriptions
 * of two equal schemas are equal.
 */
export async function catalogOf(
  sql: postgres.Sql,
  schema: string,
  options: { without?: readonly string[]; replace?: Readonly<Record<string, string>> } = {},
): Promise<string[]> {
  const { without = [], replace = {} } = options;
  const rows = await sql<{ line: string }[]>`
    with relations as (
      select oid, relname, relkind, relacl, relrowsecurity, relispartition from pg_class
      where relnamespace = ${schema}::regnamespace and relkind <> 'c')
    select concat_ws(' ', 'relation', relname, relkind, relacl::text, relrowsecurity, relispartition) as line from relations
      where relname <> all (${without})
    union all
    select concat_ws(' ', 'column', relname, attnum, attname, format_type(atttypid, atttypmod), attnotnull, attacl::text,
        pg_get_expr(adbin, adrelid))
      from relations r join pg_attribute a on attrelid = r.oid and attnum > 0 and not attisdropped
      left join pg_attrdef on adrelid = attrelid and adnum = attnum
      where relkind in ('r', 'p', 'v') and relname <> all (${without})
    union all
    select concat_ws(' ', 'constraint', relname, conname, pg_get_constraintdef(c.oid), convalidated)
      from relations r join pg_constraint c on conrelid = r.oid where relname <> all (${without})
    union all
    select concat_ws(' ', 'index', pg_get_indexdef(indexrelid))
      from relations r join pg_index on indrelid = r.oid where relname <> all (${without})
    union all
    select concat_ws(' ', 'policy', tablename, policyname, permissive, roles::text, cmd, qual, with_check)
      from pg_policies where schemaname = ${schema}
    union all
    select concat_ws(' ', 'trigger', pg_get_triggerdef(t.oid))
      from relations r join pg_trigger t on tgrelid = r.oid and not tgisinternal
    union all
    select concat_ws(' ', 'function', pg_get_functiondef(oid), proacl::text)
      from pg_proc where pronamespace = ${schema}::regnamespace
    union all
    select concat_ws(' ', 'enum', typname, string_agg(enumlabel, ',' order by enumsortorder))
      from pg_type t join pg_enum on enumtypid = t.oid where typnamespace = ${schema}::regnamespace group by typname`;
  const names = Object.entries({ [schema]: '<schema>', ...replace });
  return rows
    .map(({ line }) => names.reduce((text, [name, placeholder]) => text.replaceAll(name, placeholder), line))
    .toSorted();
}
