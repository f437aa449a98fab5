import type { Reason } from '../../core/errors.ts';
import type { ErrorReport } from '../../routers/procedures/errors.ts';

/** An error of the REST API, as problem details (RFC 9457). */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  reason: Reason;
  requestId: string;
  issues?: ErrorReport['issues'];
  score?: number;
  warning?: string | null;
  suggestions?: string[];
}

export const PROBLEM_TYPE = 'application/problem+json';

export function toProblem(report: ErrorReport, requestId: string): Problem {
  const { reason, status, message, issues, password } = report;
  return {
    type: `urn:atrium:error:${reason.toLowerCase().replaceAll('_', '-')}`,
    title: titleOf(reason),
    status,
    detail: message,
    reason,
    requestId,
    ...(issues && { issues }),
    ...password,
  };
}

/** Converts `TENANT_NOT_FOUND` to `Tenant not found`. */
function titleOf(reason: Reason): string {
  const words = reason.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * Returns the headers of an error: when to retry (`Retry-After`), how to authenticate (RFC 6750), and which content types
 * and encodings are accepted (RFC 9110, 15.5.16).
 */
export function errorHeaders({ status, retryAfter }: ErrorReport): Record<string, string> {
  return {
    ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
    ...(status === 415 && { Accept: 'application/json', 'Accept-Encoding': 'identity' }),
    ...(status === 401 && { 'WWW-Authenticate': 'Bearer' }),
  };
}

export function problemResponse(
  report: ErrorReport,
  requestId: string,
  headers: Record<string, string> = {},
): Response {
  return new Response(JSON.stringify(toProblem(report, requestId)), {
    status: report.status,
    headers: { 'Content-Type': PROBLEM_TYPE, ...errorHeaders(report), ...headers },
  });
}
