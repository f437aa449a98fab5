import type { SharedTokens } from './storage.ts';
import type { Tokens } from './tokens.ts';

/** How long before its expiry an access token is refreshed, in ms. */
const EARLY_MS = 30_000;

export interface Session {
  readonly tokens: Tokens | undefined;
  set(tokens: Tokens | undefined): void;
  /** Returns the access token, after a refresh if it expires soon. Returns `undefined` if nobody is logged in. */
  accessToken(): Promise<string | undefined>;
  /** Returns the newest refresh token, also if another tab received it. */
  refreshToken(): string | undefined;
  /**
   * Refreshes the tokens. Concurrent callers share one refresh.
   * @param refused the access token that the server refused. If the session already has a different one, no refresh is made
   * @returns the access token, or `undefined` if the session has ended
   */
  renew(refused?: string): Promise<string | undefined>;
}

/**
 * Stores the tokens of one login.
 * @param options.exchange exchanges the refresh token. It returns the new pair, or `undefined` if the server answers that
 *   the session has ended. If it throws, the session keeps its tokens. `fromOtherTenant` is true if the refresh token comes
 *   from a tab in another tenant
 * @param options.shared the tokens that all tabs share; read before each refresh
 */
export function createSession(options: {
  tokens: Tokens | undefined;
  exchange(tokens: Tokens, fromOtherTenant: boolean): Promise<Tokens | undefined>;
  onTokens(tokens: Tokens | undefined): void;
  shared?: SharedTokens | undefined;
}): Session {
  const { shared } = options;
  let tokens = options.tokens ?? shared?.load();
  let fromOtherTenant = false;
  let exchanging: { spent: Tokens; done: Promise<string | undefined> } | undefined;
  if (options.tokens) shared?.save(options.tokens);

  function set(next: Tokens | undefined): void {
    tokens = next;
    fromOtherTenant = false;
    shared?.save(next);
    options.onTokens(next);
  }

  /** Loads what another tab stored: a newer pair, or nothing after a logout. */
  function catchUp(): void {
    if (!shared) return;
    const theirs = shared.load();
    if (theirs?.refreshToken === tokens?.refreshToken) return;
    const tenantSlug = tokens?.tenantSlug;
    fromOtherTenant = false;
    if (theirs && tenantSlug !== undefined && tenantSlug !== theirs.tenantSlug) {
      // The access token is for another tenant. `expiresAt: 0` forces a refresh before the next call.
      fromOtherTenant = true;
      tokens = { ...theirs, tenantSlug, expiresAt: 0 };
      return;
    }
    tokens = theirs;
    options.onTokens(theirs);
  }

  /** Returns the access token, unless it expires soon or was refused. */
  function fresh(refused?: string): string | undefined {
    const isFresh = tokens && tokens.expiresAt - EARLY_MS > Date.now() && tokens.accessToken !== refused;
    return isFresh ? tokens?.accessToken : undefined;
  }

  async function exchange(spent: Tokens): Promise<string | undefined> {
    const next = await options.exchange(spent, fromOtherTenant);
    const theirs = shared?.load();
    // Another tab stored a pair that differs from the result of this refresh, so that pair is newer.
    const isNewer = theirs && theirs.refreshToken !== spent.refreshToken && theirs.refreshToken !== next?.refreshToken;
    // If `tokens` changed during the refresh, this tab logged in or out, and the result is outdated.
    if (tokens === spent && isNewer) catchUp();
    else if (tokens === spent) set(next);
    return tokens?.accessToken;
  }

  /** Refreshes the tokens, unless another tab did so while this one waited for the lock. */
  async function exchangeInTurn(refused: string | undefined): Promise<string | undefined> {
    catchUp();
    return fresh(refused) ?? (tokens && (await exchange(tokens)));
  }

  async function renew(refused?: string): Promise<string | undefined> {
    catchUp();
    if (!tokens) return undefined;
    const valid = fresh(refused);
    if (valid !== undefined) return valid;
    const spent = tokens;
    // A refresh that started for an earlier login does not count for this one.
    if (exchanging?.spent !== spent) {
      exchanging = { spent, done: shared ? shared.exclusively(() => exchangeInTurn(refused)) : exchange(spent) };
    }
    const current = exchanging;
    return await current.done.finally(() => {
      if (exchanging === current) exchanging = undefined;
    });
  }

  return {
    get tokens() {
      return tokens;
    },
    set,
    renew,
    refreshToken() {
      catchUp();
      return tokens?.refreshToken;
    },
    async accessToken() {
      if (!tokens) catchUp();
      const valid = fresh();
      if (!tokens || valid !== undefined) return valid;
      const { accessToken, expiresAt } = tokens;
      return await renew().catch((error: unknown) => {
        // The refresh failed, but the current access token is still valid.
        if (expiresAt > Date.now()) return accessToken;
        throw error;
      });
    },
  };
}
