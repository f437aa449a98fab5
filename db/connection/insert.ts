import { getTableColumns, sql, type InferInsertModel, type SQL } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';

/**
 * An INSERT that names only the given columns. Drizzle's insert names all columns of the table. For each of them PostgreSQL
 * requires the right to write it, which the server does not have.
 */
export function insertOnly<Table extends PgTable>(table: Table, row: InferInsertModel<Table>): SQL {
  const columns = getTableColumns(table);
  const given = Object.entries(row).flatMap(([key, value]) => {
    const column = columns[key];
    return column && value !== undefined ? [{ column, value }] : [];
  });
  const names = given.map(({ column }) => sql.identifier(column.name));
  const values = given.map(({ column, value }) => sql.param(value, column));
  return sql`insert into ${table} (${sql.join(names, sql`, `)}) values (${sql.join(values, sql`, `)})`;
}
