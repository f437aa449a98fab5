import postgres from 'postgres';

/** A table in the catalog. */
export interface Table {
  schema: string;
  name: string;
  columns: string[];
}

/** One kind of access to a table. Its statement changes no row even if it is allowed. */
export interface Probe {
  /** A name such as `update public.users.email` or `delete public.users`. */
  what: string;
  text: string;
}

/** @returns every table and view of the schemas from the catalog, so that new ones are covered too */
export async function tablesOf(sql: postgres.Sql, schemas: readonly string[]): Promise<Table[]> {
  return await sql<Table[]>`
    select n.nspname as schema, c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where n.nspname = any(${[...schemas]}) and c.relkind in ('r', 'p', 'v', 'm', 'f')
    group by 1, 2 order by 1, 2`;
}

/** @returns a probe for each privilege on a table, per column where PostgreSQL grants per column */
export function probesOf({ schema, name, columns }: Table): Probe[] {
  const table = `"${schema}"."${name}"`;
  const at = `${schema}.${name}`;
  return [
    ...columns.flatMap((column) => [
      { what: `select ${at}.${column}`, text: `select "${column}" from ${table} where false` },
      { what: `insert ${at}.${column}`, text: `insert into ${table} ("${column}") select null where false` },
      // DEFAULT, because a value from the row would also need the right to read it.
      { what: `update ${at}.${column}`, text: `update ${table} set "${column}" = default where false` },
    ]),
    { what: `delete ${at}`, text: `delete from ${table} where false` },
  ];
}

/**
 * Returns the probes that PostgreSQL did not refuse with *permission denied*.
 * @param send runs a statement as the role under test
 * @throws any other error of a statement
 */
export async function allowedOf(probes: readonly Probe[], send: (text: string) => Promise<unknown>): Promise<string[]> {
  const allowed: string[] = [];
  for (const { what, text } of probes) {
    const refused = await send(text).then(
      () => false,
      (error: unknown) => {
        if (error instanceof postgres.PostgresError && error.code === '42501') return true;
        throw error;
      },
    );
    if (!refused) allowed.push(what);
  }
  return allowed;
}

/** Runs a statement with the role and search_path of a tenant, as entering sets them, and rolls it back. */
export async function asTenant(
  sql: postgres.Sql,
  { schema, role }: { schema: string; role: string },
  text: string,
  parameters: (string | null)[] = [],
): Promise<Record<string, unknown>[]> {
  const undo = new Error('undo');
  let rows: Record<string, unknown>[] = [];
  await sql
    .begin(async (tx) => {
      await tx.unsafe(`set local search_path to "${schema}", pg_temp`);
      await tx.unsafe(`set local role "${role}"`);
      rows = await tx.unsafe<Record<string, unknown>[]>(text, parameters);
      throw undo;
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error;
    });
  return rows;
}
