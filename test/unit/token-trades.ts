import type { Tokens } from '../../client/tokens.ts';

const HOUR = 3_600_000;
/** @returns tokens with `name` in their text, that expire in so many ms */
export const pair = (name: string, expiresIn = HOUR): Tokens => ({
  accessToken: `access-${name}`,
  refreshToken: `refresh-${name}`,
  expiresAt: Date.now() + expiresIn,
});

/** A running exchange of tokens that the test answers. */
export interface Trade {
  spent: Tokens;
  resolve(tokens: Tokens | undefined): void;
  reject(error: Error): void;
}
