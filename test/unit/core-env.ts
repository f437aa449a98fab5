import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { EnvError, parseEnv, SETTINGS } from '../../core/env/index.ts';

const makeJwk = (kid: string) => ({ ...generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }), kid });
export const [jwk, otherJwk] = [makeJwk('one'), makeJwk('two')];
export const jwks = (...keys: object[]): string => JSON.stringify({ keys });

/** The required settings. */
export const good = {
  DATABASE_URL: 'postgres://app:hunter2@localhost/atrium',
  DATABASE_OWNER_URL: 'postgres://owner:hunter2@localhost/atrium',
  TEMPORAL_ADDRESS: 'localhost:7233',
  JWT_KEYS: jwks(jwk),
  SECRET_KEY: randomBytes(32).toString('base64'),
} as const;
export const production = {
  ...good,
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://atrium.example.com',
  RATE_LIMIT_URL: 'redis://localhost',
  MAIL_URL: 'smtp://localhost',
  METRICS_TOKEN: 'm'.repeat(16),
} as const;

/** @returns a line for each setting that is refused */
export function problemsOf(source: Record<string, string>, settings: typeof SETTINGS = SETTINGS): readonly string[] {
  try {
    parseEnv(source, settings);
    return [];
  } catch (error) {
    if (error instanceof EnvError) return error.problems;
    throw error;
  }
}

/** @returns the settings that the lines name */
export const namesOf = (problems: readonly string[]): string[] =>
  problems.map((line) => /^(\w+): \S/.exec(line)?.[1] ?? line);
