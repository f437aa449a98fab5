import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, type TRPCClient } from '@trpc/client';
import { EventSource } from 'eventsource';
import type { AppRouter } from '../routers/index.ts';
import { authLink } from './auth-link.ts';
import { createSession } from './session.ts';
import { openSharedTokens, type TokenStorage } from './storage.ts';
import type { Tokens } from './tokens.ts';
import { exchangeTokens, type Fetch } from './exchange.ts';

export type { AppRouter } from '../routers/index.ts';
export type { TokenStorage } from './storage.ts';
export type { Tokens } from './tokens.ts';

/** The most calls in one request. The server accepts no larger batch. */
const BATCH = 10;
/** The longest URL of a batch of queries, in characters. Proxies such as nginx accept 8 kB for the method and the URL. */
const URL_LENGTH = 6_000;

export interface ClientOptions {
  /** The base URL of the server, for example `https://api.example.com`. */
  url: string;
  /**
   * The slug of the tenant to log in to. A login or `auth.switchTenant` to another tenant replaces it. Without a tenant,
   * only lobby procedures can be called.
   */
  tenantSlug?: string;
  /**
   * Where to store the tokens, for example `localStorage`. Defaults to memory. Tabs with the same storage share the login:
   * only one tab refreshes at a time, and a logout in one tab logs out all of them.
   */
  storage?: TokenStorage;
  /** Tokens of an earlier login that were not kept in `storage`. */
  tokens?: Tokens;
  /** Called with each new pair of tokens, and with `undefined` when the session ends. */
  onTokens?: (tokens: Tokens | undefined) => void;
  /** Defaults to the global `fetch`. */
  fetch?: Fetch;
}

type Calls = TRPCClient<AppRouter>;
type Switch = Calls['auth']['switchTenant']['mutate'];

/** The procedures of the server. `auth.switchTenant` uses the client's refresh token if the caller gives none. */
export type AtriumClient = Omit<Calls, 'auth'> & {
  auth: Omit<Calls['auth'], 'switchTenant'> & {
    switchTenant: {
      mutate(input: { tenantSlug: string; refreshToken?: string }, options?: Parameters<Switch>[1]): ReturnType<Switch>;
    };
  };
};

/**
 * Creates a typed client that stores its tokens. `auth.login` sets them, and each call sends the access token. The client
 * refreshes an access token that expires soon or was refused. Calls that wait at the same time share one refresh.
 * @returns the client; its calls throw `TRPCClientError` if the server refuses them or cannot be reached
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
    exchange: (spent, fromOtherTenant) => exchangeTokens(send, endpoint, spent, fromOtherTenant),
    shared: options.storage && openSharedTokens(options.storage, `atrium ${endpoint}`),
  });
  const headers = async (): Promise<Record<string, string>> => {
    const token = await session.accessToken();
    // After a login or a switch to another tenant, calls go to that tenant.
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
          // A browser's EventSource cannot send headers, and a URL must not contain a token.
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
          maxURLLength: URL_LENGTH,
          fetch: (input, init) => send(input, { ...init, signal: init?.signal ?? null }),
        }),
      }),
    ],
  });
}

function toRecord(headers: HeadersInit | undefined): Record<string, string> {
  return Object.fromEntries(new Headers(headers));
}
