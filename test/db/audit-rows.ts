import { randomUUID } from 'node:crypto';
import type postgres from 'postgres';

/** An id to find the rows of one call by. */
export function freshRequestId(prefix = 'audit'): string {
  return `${prefix}-${randomUUID()}`;
}

/** The audit rows of one call, whosever log they stand in, oldest first; without their ids and times. */
export async function rowsOf(sql: postgres.Sql, requestId: string): Promise<Record<string, unknown>[]> {
  const rows = await sql<Record<string, unknown>[]>`
    select * from public.audit_logs where request_id = ${requestId} order by id`;
  return rows.map(({ id: _, created_at: __, ...row }) => row);
}
