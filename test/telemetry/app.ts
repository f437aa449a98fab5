import { BlockList } from 'node:net';
import type { Hono } from 'hono';
import { createAccessTokens } from '../../core/auth/access-token.ts';
import { parseEnv, SETTINGS } from '../../core/env/index.ts';
import { createLog } from '../../core/log/log.ts';
import { createServerMetrics } from '../../core/metrics/server.ts';
import { createPasswords, type Passwords } from '../../core/auth/passwords.ts';
import { createMemoryCounter, createRateLimits } from '../../core/rate-limit/index.ts';
import { createPool, type Pool } from '../../db/connection/pool.ts';
import { createStreams } from '../../routers/procedures/streams.ts';
import { createApp } from '../../src/app.ts';
import { createReadiness } from '../../src/health.ts';
import type { AppEnv } from '../../src/middleware/request.ts';
import type { SharedStack } from '../support/global-setup.ts';
import { at } from '../support/rest.ts';

/** The server in the test's own process, with its log lines. */
export interface WatchedApp extends AsyncDisposable {
  readonly app: Hono<AppEnv>;
  readonly pool: Pool;
  /** Starts to drain: the server is no longer ready, and streams end. */
  drain(): void;
  /** All log lines so far. */
  readonly lines: readonly string[];
  /** @returns the log line of a request. @throws Error unless there is exactly one */
  lineOf(requestId: string): object;
}

/**
 * @param settings.metricsToken the token that `/metrics` requires
 * @param settings.passwords replaces the usual password functions
 */
export async function watchApp(
  place: SharedStack,
  settings: { metricsToken?: string; poolMax?: number; passwords?: Passwords; rateLimitFactor?: number } = {},
): Promise<WatchedApp> {
  const env = parseEnv(place.env, SETTINGS.pick({ JWT_KEYS: true, PUBLIC_URL: true, SECRET_KEY: true }));
  const pool = createPool(place.databaseUrl, { max: settings.poolMax ?? 5, name: 'atrium test' });
  const lines: string[] = [];
  const { passwords = createPasswords() } = settings;
  const streams = createStreams();
  const ending = new AbortController();
  const drain = { draining: false, refusing: false, ending: ending.signal };
  // A pool of its own, as in the server, so that the readiness probe does not wait for the main pool.
  const probePool = createPool(place.databaseUrl, { max: 1, name: 'atrium probe' });
  const readiness = createReadiness({ pool: probePool, drain });
  const app = createApp({
    services: {
      pool,
      log: createLog({ name: 'test', format: 'json', to: { write: (line) => void lines.push(line) } }),
      accessTokens: await createAccessTokens({ keys: env.JWT_KEYS, issuer: env.PUBLIC_URL }),
      passwords,
      secretKeys: env.SECRET_KEY,
      rateLimits: createRateLimits({ counter: createMemoryCounter(), factor: settings.rateLimitFactor ?? 1000 }),
      streams,
      ending: ending.signal,
    },
    publicUrl: env.PUBLIC_URL,
    version: '0',
    corsOrigins: [],
    corsHeaders: [],
    trustedProxies: new BlockList(),
    drain,
    readiness,
    metrics: createServerMetrics({
      version: '0',
      pool,
      hashes: passwords.gate,
      limiter: { away: false, fallbacks: 0 },
      streams,
      readiness,
    }),
    metricsToken: settings.metricsToken,
  });
  return {
    app,
    pool,
    lines,
    drain() {
      drain.draining = true;
      ending.abort();
    },
    lineOf(requestId) {
      const found = lines.flatMap((line) => {
        const parsed: unknown = JSON.parse(line);
        const its = at(parsed, 'requestId') === requestId && at(parsed, 'msg') === 'request';
        return its && typeof parsed === 'object' && parsed !== null ? [parsed] : [];
      });
      const [line] = found;
      if (!line || found.length > 1) throw new Error(`${found.length} lines for the request ${requestId}`);
      return line;
    },
    async [Symbol.asyncDispose]() {
      await pool.close();
      await probePool.close();
    },
  };
}
