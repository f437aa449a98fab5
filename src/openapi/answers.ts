import { STATUS_OF_REASON, type Reason } from '../../core/errors.ts';
import type { Meta } from '../../routers/procedures/trpc.ts';
import { pascal } from './names.ts';
import { problemSchema } from './problem-schemas.ts';
import type { Headers, Response } from './types.ts';
import { PROBLEM_TYPE } from '../rest/problem.ts';

const WHOLE = { type: 'integer', minimum: 0 } as const;

export const HEADERS = {
  'X-Request-Id': {
    required: true,
    description: 'Identifies the request in the server log',
    schema: { type: 'string' },
  },
  'RateLimit-Limit': { description: 'Requests per window that the limit closest to exhaustion allows', schema: WHOLE },
  'RateLimit-Remaining': { description: 'Requests left in the current window', schema: WHOLE },
  'RateLimit-Reset': { description: 'Seconds until the window resets', schema: WHOLE },
  'Retry-After': { description: 'Seconds to wait before a retry', schema: WHOLE },
  'WWW-Authenticate': {
    required: true,
    description: 'The authentication scheme (RFC 6750)',
    schema: { type: 'string' },
  },
} satisfies Headers;

type HeaderName = keyof typeof HEADERS;
const ALWAYS = ['X-Request-Id', 'RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'] as const;

/** The reasons of every operation. */
const OF_ALL = ['PAYLOAD_TOO_LARGE', 'RATE_LIMITED', 'INTERNAL', 'OVERLOADED', 'SHUTTING_DOWN'] as const;
const OF_A_TOKEN = ['UNAUTHENTICATED', 'FORBIDDEN'] as const;
const OF_A_TENANT = [
  'TENANT_REQUIRED',
  'TENANT_MISMATCH',
  'TENANT_SUSPENDED',
  'TENANT_NOT_FOUND',
  'TENANT_DELETED',
  'TENANT_NOT_READY',
  'TENANT_MIGRATING',
] as const;

export const needsToken = (access: Meta['access']): boolean => access !== undefined && access !== 'public';
export const needsTenant = (access: Meta['access']): boolean => access === 'member' || access === 'admin';

/** The facts about an operation that its reasons depend on. */
export interface Called {
  meta: Pick<Meta, 'access' | 'refusals'>;
  /** Where its input comes from. */
  takes: 'nothing' | 'parameters' | 'body';
  changes: boolean;
}

function reasonsOf({ meta: { access, refusals = [] }, takes, changes }: Called): Set<Reason> {
  return new Set<Reason>([
    ...(takes === 'nothing' ? [] : (['VALIDATION_FAILED'] as const)),
    ...(takes === 'body' ? (['UNSUPPORTED_MEDIA_TYPE'] as const) : []),
    ...(needsToken(access) ? OF_A_TOKEN : []),
    ...(needsToken(access) && changes ? (['READ_ONLY_IDENTITY'] as const) : []),
    ...(needsTenant(access) ? OF_A_TENANT : []),
    ...refusals,
    ...OF_ALL,
  ]);
}

/** An error response: its name in `components.responses`, its status, and the reasons that it can have. */
export interface Refusal {
  name: string;
  status: number;
  reasons: Reason[];
}

/** Returns the error responses of an operation, one for each status. */
export function refusalsOf(called: Called): Refusal[] {
  const all = [...reasonsOf(called)];
  const statuses = new Set(all.map((reason) => STATUS_OF_REASON[reason]));
  return [...statuses].map((status) => {
    const reasons = all.filter((reason) => STATUS_OF_REASON[reason] === status);
    return { name: reasons.map(pascal).join('Or'), status, reasons };
  });
}

/** Returns the OpenAPI response of a refusal: problem details, with the headers of that status. */
export function refusalResponse({ status, reasons }: Refusal): Response {
  const more: HeaderName[] = [
    ...(status === 401 ? (['WWW-Authenticate'] as const) : []),
    ...(status === 429 || status === 503 ? (['Retry-After'] as const) : []),
  ];
  return {
    description: reasons.join(', '),
    headers: headers(...more),
    content: { [PROBLEM_TYPE]: { schema: problemSchema(reasons) } },
  };
}

/** Returns references to the headers of every response and to `more`. */
export function headers(...more: HeaderName[]): Record<string, { $ref: string }> {
  return Object.fromEntries([...ALWAYS, ...more].map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
