import type { Known } from './cast.ts';
import { inWords, type AuditRow, type Logs } from './audit.ts';
import { PUBLIC, type Expected } from './levels.ts';
import type { Procedure } from './procedures.ts';
import { rowOf } from './table.ts';

/** Successes that are recorded in another log than that of the token's tenant. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  // In the log of the tenant that the caller switches to or joins.
  'auth.switchTenant': 'success by the caller in the log of home',
  'invites.accept': 'success by the caller in the log of open',
  // The token's tenant is not concerned.
  'tenants.create': 'success by the caller in the log of the platform',
  // The admins of the tenant see who assumes an identity, and why.
  'admin.assumeIdentity': 'success by the caller as an operator in the log of home',
  'admin.endAssumedIdentity': 'success by the caller as an operator in the log of home',
};

interface Call {
  procedure: Procedure;
  known: Known | undefined;
  expected: Expected;
  logs: Logs;
}

/** @returns the audit rows that a call must leave, as text */
export function tracesDue(call: Call): string[] {
  const { procedure, known, expected, logs } = call;
  const log = logs.get(known?.tenantId ?? null) ?? 'another tenant';
  const operator = known?.operatorId ? ' and their operator' : '';
  const byCaller = `by the caller${operator} in the log of ${log}`;
  if (expected === 'VALIDATION_FAILED') return [];
  // A caller without a proven identity could fill the log, so nothing is recorded.
  if (expected !== 'ok') return known ? [`denied ${byCaller}`] : [];
  if (isForAnyone(call)) return procedure.type === 'mutation' ? ['success'] : [];
  if (procedure.type === 'mutation') return [ELSEWHERE[procedure.path] ?? `success ${byCaller}`];
  return operator === '' ? [] : [`success ${byCaller}`];
}

/** @returns the audit rows of a call, as text */
export function tracesOf(rows: readonly AuditRow[], call: Call): string[] {
  return rows.map((row) => (isForAnyone(call) ? row.outcome : inWords(row, call.known, call.logs)));
}

/** Whether anyone may make the call. Then the row names the person that the input is about, if any. */
function isForAnyone({ procedure, known, expected }: Call): boolean {
  return rowOf(procedure.path) === PUBLIC || (expected === 'ok' && !known);
}
