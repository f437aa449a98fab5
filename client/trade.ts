import { TRPCClientError } from '@trpc/client';
import type { AppRouter } from '../routers/index.ts';
import { tokensIn, type Tokens } from './tokens.ts';

export type Fetch = (input: string | URL | Request, init: RequestInit) => Promise<Response>;

/** What Atrium says of a session that is over. */
const OVER = new Set(['UNAUTHENTICATED', 'REFRESH_REUSED']);

/**
 * Trades a refresh token for a new pair, in the tenant of the old one.
 * @param borrowed whether it is the refresh token of a tab in another tenant
 * @returns `undefined` where Atrium itself says that the session is over
 * @throws TRPCClientError for any other answer, be it Atrium's or that of a proxy before it: the session may go on
 */
export async function tradeTokens(
  send: Fetch,
  endpoint: string,
  { refreshToken, tenantSlug }: Tokens,
  borrowed: boolean,
): Promise<Tokens | undefined> {
  const refresh = (more: object): Promise<Tokens | undefined> => refreshBy(send, endpoint, { refreshToken, ...more });
  if (tenantSlug === undefined) return await refresh({});
  return await refresh({ tenantSlug }).catch((error: unknown) => {
    // The tenant may have another slug by now: the refresh token knows it. A refused refresh has used nothing up.
    if (!borrowed && reasonOf(error) === 'TENANT_NOT_FOUND') return refresh({});
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
  // What Atrium answers is told as it is; anything else by its status.
  const isOurs = !response.ok && typeof answer === 'object' && answer !== null && 'error' in answer;
  const foreign = new Error(`The tokens could not be refreshed: the answer, ${response.status}, is not Atrium's`);
  const error = TRPCClientError.from<AppRouter>(isOurs ? answer : foreign, { meta: { response } });
  const reason = reasonOf(error);
  if (response.status === 401 && reason !== undefined && OVER.has(reason)) return undefined;
  throw error;
}

function resultIn(answer: unknown): unknown {
  const result = typeof answer === 'object' && answer !== null && 'result' in answer ? answer.result : undefined;
  return typeof result === 'object' && result !== null && 'data' in result ? result.data : undefined;
}

/** The reason for which Atrium refused a call; `undefined` for what is no answer of Atrium's. */
export function reasonOf(error: unknown): string | undefined {
  if (!(error instanceof TRPCClientError)) return undefined;
  const data: unknown = error.data;
  const reason = typeof data === 'object' && data !== null && 'reason' in data ? data.reason : undefined;
  return typeof reason === 'string' ? reason : undefined;
}
