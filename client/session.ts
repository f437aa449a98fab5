import type { Shelf } from './storage.ts';
import type { Tokens } from './tokens.ts';

/** A token this close to its end is refreshed before it is used, in ms. */
const EARLY_MS = 30_000;

export interface Session {
  readonly tokens: Tokens | undefined;
  set(tokens: Tokens | undefined): void;
  /** The access token, refreshed first if it is about to expire; `undefined` when nobody is logged in. */
  accessToken(): Promise<string | undefined>;
  /** The newest refresh token, whichever tab got it. */
  refreshToken(): string | undefined;
  /**
   * Trades the refresh token for a new pair. Any number of callers at once share one trade.
   * @param refused the access token that the server did not take: if another one is at hand, that one is given
   * @returns the access token, or `undefined` when the session is over
   */
  renew(refused?: string): Promise<string | undefined>;
}

/**
 * Holds the tokens of one login.
 * @param options.trade gives the new pair, or `undefined` where the server says that the session is over; throws where the
 *   refresh fails in any other way, and the tokens stay then. `borrowed` says that the refresh token is that of a tab in
 *   another tenant
 * @param options.shelf what all tabs have of the login: it is looked at before each trade
 */
export function createSession(options: {
  tokens: Tokens | undefined;
  trade(tokens: Tokens, borrowed: boolean): Promise<Tokens | undefined>;
  onTokens(tokens: Tokens | undefined): void;
  shelf?: Shelf | undefined;
}): Session {
  const { shelf } = options;
  let tokens = options.tokens ?? shelf?.load();
  let borrowed = false;
  let trading: { spent: Tokens; done: Promise<string | undefined> } | undefined;
  if (options.tokens) shelf?.save(options.tokens);

  function set(next: Tokens | undefined): void {
    tokens = next;
    borrowed = false;
    shelf?.save(next);
    options.onTokens(next);
  }

  /** Takes over what another tab has left since: a newer pair, or none after a logout. */
  function catchUp(): void {
    if (!shelf) return;
    const theirs = shelf.load();
    if (theirs?.refreshToken === tokens?.refreshToken) return;
    const tenantSlug = tokens?.tenantSlug;
    borrowed = false;
    if (theirs && tenantSlug !== undefined && tenantSlug !== theirs.tenantSlug) {
      // Only the refresh token is good for this tab's tenant: it is traded before anything is called.
      borrowed = true;
      tokens = { ...theirs, tenantSlug, expiresAt: 0 };
      return;
    }
    tokens = theirs;
    options.onTokens(theirs);
  }

  /** The access token, if it will do for a while and is not the one that was refused. */
  function fresh(refused?: string): string | undefined {
    const isFresh = tokens && tokens.expiresAt - EARLY_MS > Date.now() && tokens.accessToken !== refused;
    return isFresh ? tokens?.accessToken : undefined;
  }

  async function trade(spent: Tokens): Promise<string | undefined> {
    const next = await options.trade(spent, borrowed);
    const theirs = shelf?.load();
    // Another tab got a pair meanwhile, and not the same successor as we did: that pair is newer.
    const isNewer = theirs && theirs.refreshToken !== spent.refreshToken && theirs.refreshToken !== next?.refreshToken;
    // Someone logged in or out here in the meantime: theirs is newer than ours, too.
    if (tokens === spent && isNewer) catchUp();
    else if (tokens === spent) set(next);
    return tokens?.accessToken;
  }

  /** @returns what another tab got while this one waited for it, or else what a trade gives */
  async function tradeInTurn(refused: string | undefined): Promise<string | undefined> {
    catchUp();
    return fresh(refused) ?? (tokens && (await trade(tokens)));
  }

  async function renew(refused?: string): Promise<string | undefined> {
    catchUp();
    if (!tokens) return undefined;
    const enough = fresh(refused);
    if (enough !== undefined) return enough;
    const spent = tokens;
    // A trade of an earlier login is none of this one's business.
    if (trading?.spent !== spent) {
      trading = { spent, done: shelf ? shelf.exclusively(() => tradeInTurn(refused)) : trade(spent) };
    }
    const mine = trading;
    return await mine.done.finally(() => {
      if (trading === mine) trading = undefined;
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
      const enough = fresh();
      if (!tokens || enough !== undefined) return enough;
      const { accessToken, expiresAt } = tokens;
      return await renew().catch((error: unknown) => {
        // Out of reach for the moment: what is still valid will do.
        if (expiresAt > Date.now()) return accessToken;
        throw error;
      });
    },
  };
}
