import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, type TRPCClient } from '@trpc/client';
import { EventSource } from 'eventsource';
import type { AppRouter } from '../routers/index.ts';
import { authLink } from './auth-link.ts';
import { createSession } from './session.ts';
import { openShelf, type TokenStorage } from './storage.ts';
import type { Tokens } from './tokens.ts';
import { tradeTokens, type Fetch } from './trade.ts';

export type { AppRouter } from '../routers/index.ts';
export type { TokenStorage } from './storage.ts';
export type { Tokens } from './tokens.ts';

/** Calls that travel in one request; the server takes no more. */
const BATCH = 10;
/** Characters of a URL, beyond which queries go in several requests: proxies take 8 kB for URL and method, as nginx does. */
const URL_LENGTH = 6_000;

export interface ClientOptions {
  /** Where the server is, as in `https://api.example.com`. */
  url: string;
  /** The tenant to log in to, until `auth.switchTenant`. Without one only lobby procedures can be called. */
  tenantSlug?: string;
  /**
   * Where the tokens are kept, as in `localStorage`; in memory if not said. All tabs that share it share the login: they
   * refresh in turn, and a logout in one is a logout in all.
   */
  storage?: TokenStorage;
  /** Tokens kept from an earlier login, by other means than `storage`. */
  tokens?: Tokens;
  /** Called with each new pair, and with `undefined` when the session ends. */
  onTokens?: (tokens: Tokens | undefined) => void;
  /** In place of the global one. */
  fetch?: Fetch;
}

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
    trade: (spent, borrowed) => tradeTokens(send, endpoint, spent, borrowed),
    shelf: options.storage && openShelf(options.storage, `atrium ${endpoint}`),
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
