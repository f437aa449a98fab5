import type { Known } from './cast.ts';
import { inWords, type AuditRow, type Logs } from './audit.ts';
import { PUBLIC, type Expected } from './levels.ts';
import type { Procedure } from './procedures.ts';
import { rowOf } from './table.ts';

/** Successes that stand in another log than that of the token's tenant. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  // In the tenant that is gone to, or into.
  'auth.switchTenant': 'success by the caller in the log of home',
  'invites.accept': 'success by the caller in the log of open',
  // Not the token's tenant's business.
  'tenants.create': 'success by the caller in the log of the platform',
  // Its admins see who comes, and why.
  'admin.assumeIdentity': 'success by the caller as an operator in the log of home',
  'admin.endAssumedIdentity': 'success by the caller as an operator in the log of home',
};

interface Call {
  procedure: Procedure;
  known: Known | undefined;
  expected: Expected;
  logs: Logs;
}

/** What a call must leave in the audit log. */
export function tracesDue(call: Call): string[] {
  const { procedure, known, expected, logs } = call;
  const log = logs.get(known?.tenantId ?? null) ?? 'another tenant';
  const operator = known?.operatorId ? ' and their operator' : '';
  const byCaller = `by the caller${operator} in the log of ${log}`;
  if (expected === 'VALIDATION_FAILED') return [];
  // Those whose identity nothing proves could fill the log.
  if (expected !== 'ok') return known ? [`denied ${byCaller}`] : [];
  if (isForAnyone(call)) return procedure.type === 'mutation' ? ['success'] : [];
  if (procedure.type === 'mutation') return [ELSEWHERE[procedure.path] ?? `success ${byCaller}`];
  return operator === '' ? [] : [`success ${byCaller}`];
}

/** What it left. */
export function tracesOf(rows: readonly AuditRow[], call: Call): string[] {
  return rows.map((row) => (isForAnyone(call) ? row.outcome : inWords(row, call.known, call.logs)));
}

/** Whether it is done for whoever asks: then the row names whom the input is about, if anybody. */
function isForAnyone({ procedure, known, expected }: Call): boolean {
  return rowOf(procedure.path) === PUBLIC || (expected === 'ok' && !known);
}
