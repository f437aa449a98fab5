import { randomUUID } from 'node:crypto';
import type postgres from 'postgres';
import type { AuditEntry } from '../../db/audit/write.ts';

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

/** @returns an entry for a change that the system made; in the platform's log by default */
export function systemEntry({
  tenantId = null,
  requestId = null,
}: Partial<Pick<AuditEntry, 'tenantId' | 'requestId'>>): AuditEntry {
  return {
    tenantId,
    action: 'tenant.update',
    entityType: 'tenant',
    entityId: null,
    actorType: 'system',
    actorId: null,
    operatorId: null,
    outcome: 'success',
    ipAddress: null,
    userAgent: null,
    requestId,
    changes: {},
  };
}
