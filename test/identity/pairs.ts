import { reasonOf, rest } from '../support/rest.ts';

/** The tokens of a login. */
interface Pair {
  accessToken: string;
  refreshToken: string;
}

/** Both tokens are served. */
export const LIVE = [undefined, undefined];
/** Neither is. */
export const ENDED = ['UNAUTHENTICATED', 'UNAUTHENTICATED'];

/** Uses both tokens of a pair, the access token first. @returns the reasons for which they are refused */
export async function refusalsOf({ url }: { url: string }, pair: Pair): Promise<unknown[]> {
  const access = await rest(url, 'GET', '/users/me', { token: pair.accessToken });
  const refresh = await rest(url, 'POST', '/auth/refresh', { body: { refreshToken: pair.refreshToken } });
  return [reasonOf(access), reasonOf(refresh)];
}
