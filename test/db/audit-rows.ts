import { randomUUID } from 'node:crypto';
import type postgres from 'postgres';

/** @returns a request id by which the rows of one call are found */
export function freshRequestId(prefix = 'audit'): string {
  return `${prefix}-${randomUUID()}`;
}

/** @returns the audit rows of one call in all logs, oldest first, without ids and times */
export async function rowsOf(sql: postgres.Sql, requestId: string): Promise<Record<string, unknown>[]> {
  const rows = await sql<Record<string, unknown>[]>`
    select * from public.audit_logs where request_id = ${requestId} order by id`;
  return rows.map(({ id: _, created_at: __, ...row }) => row);
}
