import { at, reasonOf, rest, type Answer } from '../support/rest.ts';

/** The tokens of a login. */
export interface Pair {
  accessToken: string;
  refreshToken: string;
}

/** Both tokens are served. */
export const LIVE = [undefined, undefined];
/** Neither is. */
export const ENDED = ['UNAUTHENTICATED', 'UNAUTHENTICATED'];

/** The pair that a login, a refresh or their like answered with. */
export function pairIn({ body }: Answer): Pair {
  return { accessToken: String(at(body, 'accessToken')), refreshToken: String(at(body, 'refreshToken')) };
}

/** Uses both tokens of a pair, the access token first. @returns the reasons for which they are refused */
export async function refusalsOf({ url }: { url: string }, pair: Pair): Promise<unknown[]> {
  const access = await rest(url, 'GET', '/users/me', { token: pair.accessToken });
  const refresh = await rest(url, 'POST', '/auth/refresh', { body: { refreshToken: pair.refreshToken } });
  return [reasonOf(access), reasonOf(refresh)];
}
