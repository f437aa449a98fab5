import { Hono } from 'hono';
import { cached } from '../core/cached.ts';
import { within } from '../core/timeout.ts';
import { lobbyIsCurrent } from '../db/migrations/preflight.ts';
import type { Pool } from '../db/connection/pool.ts';
import type { AppEnv } from './middleware/request.ts';
import type { Drain } from './shutdown.ts';

/** How long the result of a database check is reused, in ms, so that many probes put no load on the database. */
const CACHE_MS = 1_000;
/** The timeout of a database check, in ms. */
const PROBE_MS = 2_000;

/** Whether this server can serve requests. */
export interface Readiness {
  /** Whether PostgreSQL answers and the lobby has the migrations that this code needs. */
  database(): Promise<boolean>;
  readonly draining: boolean;
}

/**
 * Checks the database at most once a second, for any number of probes.
 * @param deps.pool a pool for probes only, so that they do not wait for requests
 */
export function createReadiness({ pool, drain }: { pool: Pool; drain: Pick<Drain, 'draining'> }): Readiness {
  return {
    database: cached(CACHE_MS, () =>
      within(
        PROBE_MS,
        () => false,
        lobbyIsCurrent(pool).catch(() => false),
      ),
    ),
    get draining() {
      return drain.draining;
    },
  };
}

/** Serves `/livez` (the process runs), `/readyz` (it can serve requests) and `/health` (details, for people). */
export function health({ readiness, version }: { readiness: Readiness; version: string }): Hono<AppEnv> {
  const startedAt = Date.now();
  return new Hono<AppEnv>()
    .get('/livez', (c) => c.json({ status: 'ok' }))
    .get('/readyz', async (c) => {
      const ready = !readiness.draining && (await readiness.database());
      return c.json({ status: ready ? 'ok' : 'unavailable' }, ready ? 200 : 503);
    })
    .get('/health', async (c) => {
      const database = await readiness.database();
      const { draining } = readiness;
      const ready = database && !draining;
      return c.json(
        {
          status: ready ? 'ok' : 'unavailable',
          version,
          uptimeSeconds: Math.floor((Date.now() - startedAt) / 1000),
          checks: { database: database ? 'ok' : 'unreachable, or not migrated', draining },
        },
        ready ? 200 : 503,
      );
    });
}
