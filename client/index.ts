import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, type TRPCClient } from '@trpc/client';
import { EventSource } from 'eventsource';
import type { AppRouter } from '../routers/index.ts';
import { authLink } from './auth-link.ts';
import { createSession } from './session.ts';
import { tokensIn, type Tokens } from './tokens.ts';

export type { AppRouter } from '../routers/index.ts';
export type { Tokens } from './tokens.ts';

/** Calls that travel in one request; the server takes no more. */
const BATCH = 10;

export interface ClientOptions {
  /** Where the server is, as in `https://api.example.com`. */
  url: string;
  /** The tenant to log in to, until `auth.switchTenant`. Without one only lobby procedures can be called. */
  tenantSlug?: string;
  /** Tokens kept from an earlier login. */
  tokens?: Tokens;
  /** Called with each new pair, and with `undefined` when the session ends: keep it where `tokens` comes from. */
  onTokens?: (tokens: Tokens | undefined) => void;
  /** In place of the global one. */
  fetch?: Fetch;
}

type Fetch = (input: string | URL | Request, init: RequestInit) => Promise<Response>;

type Calls = TRPCClient<AppRouter>;
type Switch = Calls['auth']['switchTenant']['mutate'];

/** The router's procedures. `auth.switchTenant` uses up the refresh token that the client holds, if none is given. */
export type AtriumClient = Omit<Calls, 'auth'> & {
  auth: Omit<Calls['auth'], 'switchTenant'> & {
    switchTenant: {
      mutate(input: { tenantSlug: string; refreshToken?: string }, options?: Parameters<Switch>[1]): ReturnType<Switch>;
    };
  };
};

/**
 * A typed client that holds its tokens: `auth.login` fills it, calls carry the access token, and one that is about to
 * expire or was refused is renewed by the refresh token, once for all calls that wait for it.
 * @example
 * const client = createClient({ url: 'http://localhost:3000', tenantSlug: 'acme' });
 * await client.auth.login.mutate({ email, password });
 * const project = await client.projects.create.mutate({ name: 'Apollo' });
 */
export function createClient(options: ClientOptions): AtriumClient {
  const endpoint = `${options.url.replace(/\/+$/, '')}/trpc`;
  const send: Fetch = options.fetch ?? ((input, init) => fetch(input, init));
  const session = createSession({
    tokens: options.tokens,
    onTokens: (tokens) => options.onTokens?.(tokens),
    trade: (spent) => tradeTokens(send, endpoint, spent),
  });
  const headers = async (): Promise<Record<string, string>> => {
    const token = await session.accessToken();
    // A login, or a switch, to another tenant takes the client along.
    const tenantSlug = session.tokens?.tenantSlug ?? options.tenantSlug;
    return {
      ...(tenantSlug !== undefined && { 'x-tenant-slug': tenantSlug }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
  };

  return createTRPCClient<AppRouter>({
    links: [
      authLink(session),
      splitLink({
        condition: (op) => op.type === 'subscription',
        true: httpSubscriptionLink({
          url: endpoint,
          // A browser's own EventSource can't send headers, and a token must never stand in a URL.
          EventSource,
          eventSourceOptions: {
            fetch: async (input: string | URL, init: RequestInit) =>
              await send(input, { ...init, headers: { ...toRecord(init.headers), ...(await headers()) } }),
          },
        }),
        false: httpBatchLink({
          url: endpoint,
          headers,
          maxItems: BATCH,
          fetch: (input, init) => send(input, { ...init, signal: init?.signal ?? null }),
        }),
      }),
    ],
  });
}

async function tradeTokens(send: Fetch, endpoint: string, { refreshToken }: Tokens): Promise<Tokens | undefined> {
  const response = await send(`${endpoint}/auth.refresh`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ refreshToken }),
  });
  if (response.status >= 500 || response.status === 429) throw new Error(`The server answered ${response.status}`);
  if (!response.ok) return undefined;
  const answer: unknown = await response.json();
  const result = typeof answer === 'object' && answer !== null && 'result' in answer ? answer.result : undefined;
  return typeof result === 'object' && result !== null && 'data' in result ? tokensIn(result.data) : undefined;
}

function toRecord(headers: HeadersInit | undefined): Record<string, string> {
  return Object.fromEntries(new Headers(headers));
}
