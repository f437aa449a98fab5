import { at, reasonOf, rest, type Answer } from '../support/rest.ts';

/** The tokens of a login. */
export interface Pair {
  accessToken: string;
  refreshToken: string;
}

/** The refusals of a live pair: none. */
export const LIVE = [undefined, undefined];
/** The refusals of an ended pair. */
export const ENDED = ['UNAUTHENTICATED', 'UNAUTHENTICATED'];

/** @returns the pair of tokens in the answer of a login, refresh or similar call */
export function pairIn({ body }: Answer): Pair {
  return { accessToken: String(at(body, 'accessToken')), refreshToken: String(at(body, 'refreshToken')) };
}

/** Uses both tokens of a pair, the access token first. @returns the reason of each refusal */
export async function refusalsOf({ url }: { url: string }, pair: Pair): Promise<unknown[]> {
  const access = await rest(url, 'GET', '/users/me', { token: pair.accessToken });
  const refresh = await rest(url, 'POST', '/auth/refresh', { body: { refreshToken: pair.refreshToken } });
  return [reasonOf(access), reasonOf(refresh)];
}
