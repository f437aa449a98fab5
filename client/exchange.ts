import { TRPCClientError } from '@trpc/client';
import type { AppRouter } from '../routers/index.ts';
import { tokensIn, type Tokens } from './tokens.ts';

export type Fetch = (input: string | URL | Request, init: RequestInit) => Promise<Response>;

/** The reasons with which Atrium refuses the refresh token of a session that has ended. */
const OVER = new Set(['UNAUTHENTICATED', 'REFRESH_REUSED']);

/**
 * Exchanges a refresh token for a new pair, in the same tenant.
 * @param fromOtherTenant whether the refresh token comes from a tab in another tenant
 * @returns the new pair, or `undefined` if Atrium answers that the session has ended
 * @throws TRPCClientError for any other error, of Atrium or of a proxy in front of it; the session may still be live
 */
export async function exchangeTokens(
  send: Fetch,
  endpoint: string,
  { refreshToken, tenantSlug }: Tokens,
  fromOtherTenant: boolean,
): Promise<Tokens | undefined> {
  const refresh = (more: object): Promise<Tokens | undefined> => refreshBy(send, endpoint, { refreshToken, ...more });
  if (tenantSlug === undefined) return await refresh({});
  return await refresh({ tenantSlug }).catch((error: unknown) => {
    // The tenant's slug may have changed. Without a slug, the server takes the tenant of the refresh token, which a
    // refused refresh does not use up.
    if (!fromOtherTenant && reasonOf(error) === 'TENANT_NOT_FOUND') return refresh({});
    throw error;
  });
}

async function refreshBy(send: Fetch, endpoint: string, input: object): Promise<Tokens | undefined> {
  const response = await send(`${endpoint}/auth.refresh`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
  });
  const answer: unknown = await response.json().catch(() => undefined);
  const tokens = response.ok ? tokensIn(resultIn(answer)) : undefined;
  if (tokens) return tokens;
  // An error of Atrium is passed on. A proxy's answer is described by its status.
  const isOurs = !response.ok && typeof answer === 'object' && answer !== null && 'error' in answer;
  const proxyError = new Error(`The tokens could not be refreshed: the answer, ${response.status}, is not Atrium's`);
  const error = TRPCClientError.from<AppRouter>(isOurs ? answer : proxyError, { meta: { response } });
  const reason = reasonOf(error);
  if (response.status === 401 && reason !== undefined && OVER.has(reason)) return undefined;
  throw error;
}

function resultIn(answer: unknown): unknown {
  const result = typeof answer === 'object' && answer !== null && 'result' in answer ? answer.result : undefined;
  return typeof result === 'object' && result !== null && 'data' in result ? result.data : undefined;
}

/** Returns the `reason` of an error of Atrium, or `undefined` for any other error. */
export function reasonOf(error: unknown): string | undefined {
  if (!(error instanceof TRPCClientError)) return undefined;
  const data: unknown = error.data;
  const reason = typeof data === 'object' && data !== null && 'reason' in data ? data.reason : undefined;
  return typeof reason === 'string' ? reason : undefined;
}
