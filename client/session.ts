import type { Tokens } from './tokens.ts';

/** A token this close to its end is refreshed before it is used, in ms. */
const EARLY_MS = 30_000;

export interface Session {
  readonly tokens: Tokens | undefined;
  set(tokens: Tokens | undefined): void;
  /** The access token, refreshed first if it is about to expire; `undefined` when nobody is logged in. */
  accessToken(): Promise<string | undefined>;
  /**
   * Trades the refresh token for a new pair. Any number of callers at once share one trade.
   * @param refused the access token that the server did not take: if another one is at hand, that one is given
   * @returns the access token, or `undefined` when the session is over
   */
  renew(refused?: string): Promise<string | undefined>;
}

/**
 * Holds the tokens of one login.
 * @param options.trade gives the new pair, or `undefined` where the server refuses; throws when it is out of reach,
 *   and the tokens stay then
 */
export function createSession(options: {
  tokens: Tokens | undefined;
  trade(tokens: Tokens): Promise<Tokens | undefined>;
  onTokens(tokens: Tokens | undefined): void;
}): Session {
  let { tokens } = options;
  let trading: { spent: Tokens; done: Promise<string | undefined> } | undefined;

  function set(next: Tokens | undefined): void {
    tokens = next;
    options.onTokens(next);
  }

  async function trade(spent: Tokens): Promise<string | undefined> {
    const next = await options.trade(spent);
    // Someone logged in or out in the meantime: theirs is newer than ours.
    if (tokens === spent) set(next);
    return tokens?.accessToken;
  }

  async function renew(refused?: string): Promise<string | undefined> {
    if (!tokens) return undefined;
    if (refused !== undefined && tokens.accessToken !== refused) return tokens.accessToken;
    const spent = tokens;
    // A trade of an earlier login is none of this one's business.
    if (trading?.spent !== spent) trading = { spent, done: trade(spent) };
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
    async accessToken() {
      if (!tokens || tokens.expiresAt - EARLY_MS > Date.now()) return tokens?.accessToken;
      const { accessToken, expiresAt } = tokens;
      return await renew().catch((error: unknown) => {
        // Out of reach for the moment: what is still valid will do.
        if (expiresAt > Date.now()) return accessToken;
        throw error;
      });
    },
  };
}
