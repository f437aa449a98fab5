import { createAccessTokens } from '../core/access-token.ts';
import { EnvError, parseEnv, SERVER_SETTINGS, withLocalDefaults } from '../core/env/index.ts';
import { createLog } from '../core/log.ts';
import { createPasswords } from '../core/passwords.ts';
import { createPool } from '../db/pool.ts';
import { assertAppRole } from '../db/preflight.ts';
import manifest from '../package.json' with { type: 'json' };
import { createStreams } from '../routers/streams.ts';
import { createApp } from './app.ts';
import { createLimiter } from './limiter.ts';

/** How long after SIGTERM answers still ask clients to close their connections, in ms; and how long to wait for the rest. */
const DRAIN = { announce: 250, deadline: 10_000 } as const;

async function main(): Promise<void> {
  const env = parseEnv(withLocalDefaults(process.env), SERVER_SETTINGS);
  const log = createLog({ name: 'server', format: env.NODE_ENV === 'production' ? 'json' : 'pretty' });
  const pool = createPool(env.DATABASE_URL, { max: env.DATABASE_POOL_MAX, name: 'atrium server' });
  const probePool = createPool(env.DATABASE_URL, { max: 1, name: 'atrium probe' });
  await assertAppRole(pool);

  const limiter = createLimiter({
    url: env.RATE_LIMIT_URL,
    token: env.RATE_LIMIT_TOKEN,
    factor: env.RATE_LIMIT_FACTOR,
    log,
  });
  const drain = { draining: false };
  const app = createApp({
    services: {
      pool,
      log,
      accessTokens: await createAccessTokens({ keys: env.JWT_KEYS, issuer: env.PUBLIC_URL }),
      passwords: createPasswords(),
      secretKeys: env.SECRET_KEY,
      rateLimits: limiter.rateLimits,
      streams: createStreams(),
    },
    publicUrl: env.PUBLIC_URL,
    version: manifest.version,
    corsOrigins: env.CORS_ORIGINS,
    trustedProxies: env.TRUSTED_PROXIES,
    drain,
    probePool,
  });

  const server = Bun.serve({
    port: env.PORT,
    hostname: env.HOST,
    idleTimeout: 30,
    async fetch(request, self) {
      const response = await app.fetch(request, { socketAddress: self.requestIP(request)?.address ?? null });
      if (drain.draining) response.headers.set('Connection', 'close');
      return response;
    },
  });
  log.info({ url: server.url.href }, 'server ready');

  async function stop(signal: string): Promise<void> {
    if (drain.draining) return;
    drain.draining = true;
    log.info({ signal }, 'draining');
    await Bun.sleep(DRAIN.announce);
    // Requests in flight end; a stream that would not is cut at the deadline.
    await Promise.race([server.stop(), Bun.sleep(DRAIN.deadline)]);
    await server.stop(true);
    await Promise.all([pool.close(), probePool.close(), limiter.close()]);
    log.flush(() => process.exit(0));
  }
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
}

main().catch((error: unknown) => {
  const known = error instanceof EnvError || error instanceof Error;
  process.stderr.write(`${known ? error.message : String(error)}\n`);
  process.exit(1);
});
