import { isTRPCClientError } from '@trpc/client';
import { inject } from 'vitest';
import { createClient, type AppRouter, type ClientOptions, type Tokens } from '../../client/index.ts';
import { logIn, type Founder } from '../support/people.ts';

/** Makes a client with a session of its own that records its requests and tokens. */
export async function watched(
  founder: Founder,
  change: (tokens: Tokens) => Tokens,
  options: Partial<ClientOptions> = {},
) {
  const place = inject('stack');
  const tokens = change((await logIn(place, founder)).tokens());
  const given: (Tokens | undefined)[] = [];
  const sent: string[] = [];
  const client = createClient({
    url: place.url,
    tenantSlug: founder.slug,
    tokens,
    onTokens: (next) => given.push(next),
    fetch: (input, init) => {
      sent.push(new URL(urlOf(input)).pathname.replace('/trpc/', ''));
      return fetch(input, init);
    },
    ...options,
  });
  return { client, given, tokens, refreshes: () => sent.filter((path) => path === 'auth.refresh').length };
}

export const urlOf = (input: string | URL | Request): string => (input instanceof Request ? input.url : String(input));
export const reasonOf = (error: unknown): unknown => (isTRPCClientError<AppRouter>(error) ? error.data?.reason : error);

export const aboutToExpire = (tokens: Tokens): Tokens => ({ ...tokens, expiresAt: Date.now() + 5_000 });
/** Breaks the signature of the access token, so that only the server notices that it is invalid. */
export const refused = (tokens: Tokens): Tokens => ({
  ...tokens,
  accessToken: `${tokens.accessToken.slice(0, -6)}AAAAAA`,
});
export const asTheyAre = (tokens: Tokens): Tokens => tokens;
