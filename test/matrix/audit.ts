import type postgres from 'postgres';
import type { Outcome } from '../../db/tables/lobby.ts';
import type { Known } from './cast.ts';

export interface AuditRow {
  requestId: string;
  outcome: Outcome;
  tenantId: string | null;
  actorType: string;
  actorId: string | null;
  operatorId: string | null;
}

/** @returns the audit rows of calls in all logs, by request id */
export async function auditOf(sql: postgres.Sql, requestIds: readonly string[]): Promise<Map<string, AuditRow[]>> {
  const rows = await sql<AuditRow[]>`
    select request_id as "requestId", outcome, tenant_id as "tenantId", actor_type as "actorType",
      actor_id as "actorId", operator_id as "operatorId"
    from public.audit_logs where request_id = any(${[...requestIds]}) order by id`;
  const byRequest = new Map<string, AuditRow[]>();
  for (const row of rows) byRequest.set(row.requestId, [...(byRequest.get(row.requestId) ?? []), row]);
  return byRequest;
}

/** The name of each log by tenant id; `null` is the platform's log. */
export type Logs = ReadonlyMap<string | null, string>;

/** @returns an audit row as text: its outcome, its actor and its log */
export function inWords(row: AuditRow, caller: Known | undefined, logs: Logs): string {
  const { outcome, actorType, actorId, operatorId, tenantId } = row;
  const isCaller = caller !== undefined && actorType === caller.type && actorId === caller.id;
  const by = isCaller ? 'the caller' : `${actorType} ${actorId}`;
  const log = logs.get(tenantId) ?? tenantId;
  return `${outcome} by ${by}${behind(operatorId, caller)} in the log of ${log}`;
}

function behind(operatorId: string | null, caller: Known | undefined): string {
  if (operatorId === null) return '';
  if (operatorId === caller?.operatorId) return ' and their operator';
  return operatorId === caller?.id ? ' as an operator' : ` and operator ${operatorId}`;
}
