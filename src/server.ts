import { createAccessTokens } from '../core/auth/access-token.ts';
import { EnvError, parseEnv, SERVER_SETTINGS, warningsOf, withLocalDefaults } from '../core/env/index.ts';
import type { z } from 'zod';
import { createLog, type Log } from '../core/log/log.ts';
import { createServerMetrics } from '../core/metrics/server.ts';
import { createPasswords } from '../core/auth/passwords.ts';
import { stopOnSignals } from '../core/process/stop-signals.ts';
import { startTracing } from '../core/tracing/start.ts';
import { assertPatchedDriver } from '../db/connection/driver.ts';
import { createPool } from '../db/connection/pool.ts';
import { assertAppRole } from '../db/migrations/preflight.ts';
import manifest from '../package.json' with { type: 'json' };
import { createStreams } from '../routers/procedures/streams.ts';
import { createApp } from './app.ts';
import { createReadiness } from './health.ts';
import { createLimiter } from './middleware/limiter.ts';
import { createShutdown } from './shutdown.ts';

async function main(): Promise<void> {
  const env = parseEnv(withLocalDefaults(process.env), SERVER_SETTINGS);
  const log = createLog({ name: 'server', format: env.NODE_ENV === 'production' ? 'json' : 'pretty' });
  for (const warning of warningsOf(env)) log.warn(warning);
  await serve(env, log).catch((error: unknown) => {
    log.fatal(
      { err: error },
      isListenError(error) ? 'the server cannot listen on HOST and PORT' : 'the server cannot start',
    );
    log.flush(() => process.exit(1));
  });
}

/** Whether HOST or PORT could not be bound. Bun reports EINPROGRESS for an address of another machine. */
function isListenError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return ['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES', 'EINVAL', 'EINPROGRESS'].includes(code);
}

async function serve(env: z.output<typeof SERVER_SETTINGS>, log: Log): Promise<void> {
  const { version } = manifest;
  assertPatchedDriver(env.NODE_ENV === 'production', (message) => log.warn(message));
  const tracing = await startTracing({
    endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
    ratio: env.OTEL_TRACES_SAMPLER_ARG,
    service: 'atrium-server',
    version,
  });
  const pool = createPool(env.DATABASE_URL, {
    max: env.DATABASE_POOL_MAX,
    name: 'atrium server',
    onChange(away, cause) {
      if (away) log.error({ err: cause }, 'PostgreSQL is unreachable');
      else log.info('PostgreSQL is reachable again');
    },
  });
  // Probes have their own connection, because they must not wait while requests use the whole pool.
  const probePool = createPool(env.DATABASE_URL, { max: 1, name: 'atrium probe' });
  await assertAppRole(pool);

  const limiter = createLimiter({
    url: env.RATE_LIMIT_URL,
    token: env.RATE_LIMIT_TOKEN,
    factor: env.RATE_LIMIT_FACTOR,
    log,
  });
  const passwords = createPasswords();
  const streams = createStreams();
  const shutdown = createShutdown({
    window: env.DRAIN_SECONDS * 1000,
    deadline: env.SHUTDOWN_SECONDS * 1000,
    log,
    stop: (force) => server.stop(force),
    close: async () => {
      await Promise.all([pool.close(), probePool.close(), limiter.close(), tracing.stop()]);
      await new Promise<void>((resolve) => {
        log.flush(() => resolve());
      });
    },
    exit: (code) => process.exit(code ?? process.exitCode),
  });
  const { drain } = shutdown;
  const readiness = createReadiness({ pool: probePool, drain });
  const app = createApp({
    services: {
      pool,
      log,
      accessTokens: await createAccessTokens({ keys: env.JWT_KEYS, issuer: env.PUBLIC_URL }),
      passwords,
      secretKeys: env.SECRET_KEY,
      rateLimits: limiter.rateLimits,
      streams,
      ending: drain.ending,
    },
    publicUrl: env.PUBLIC_URL,
    version,
    corsOrigins: env.CORS_ORIGINS,
    corsHeaders: env.CORS_HEADERS,
    trustedProxies: env.TRUSTED_PROXIES,
    drain,
    readiness,
    metrics: createServerMetrics({ version, pool, hashes: passwords.gate, limiter, streams, readiness }),
    metricsToken: env.METRICS_TOKEN,
  });

  const server = Bun.serve({
    port: env.PORT,
    hostname: env.HOST,
    idleTimeout: env.IDLE_SECONDS,
    // The app has its own limit. Its answer has headers and a body, and Bun's has neither.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    async fetch(request, self) {
      self.timeout(request, env.IDLE_SECONDS);
      const socketAddress = self.requestIP(request)?.address ?? null;
      const response = await shutdown.during(async () => await app.fetch(request, { socketAddress }));
      // While a client reads the response slowly, its connection is not idle.
      self.timeout(request, env.READER_SECONDS);
      if (drain.draining) response.headers.set('Connection', 'close');
      return response;
    },
  });
  log.info({ url: server.url.href }, 'server ready');

  stopOnSignals(process, { name: 'server', log, drain: () => shutdown.begin() });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof EnvError ? error.message : String(error)}\n`);
  process.exit(1);
});
