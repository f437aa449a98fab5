/** A pair as `auth.login` and `auth.refresh` give it. */
export interface Tokens {
  accessToken: string;
  refreshToken: string;
  /** When the access token expires, in ms since the epoch. */
  expiresAt: number;
}

/** Reads a pair from the answer of a procedure; `undefined` where it holds none. */
export function tokensIn(answer: unknown): Tokens | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  if (!('accessToken' in answer) || !('refreshToken' in answer) || !('expiresIn' in answer)) return undefined;
  const { accessToken, refreshToken, expiresIn } = answer;
  if (typeof accessToken !== 'string' || typeof refreshToken !== 'string' || typeof expiresIn !== 'number') {
    return undefined;
  }
  return { accessToken, refreshToken, expiresAt: Date.now() + expiresIn * 1000 };
}
