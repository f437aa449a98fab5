import { Hono } from 'hono';
import { cached } from '../core/cached.ts';
import { within } from '../core/within.ts';
import { lobbyIsCurrent } from '../db/migrations/preflight.ts';
import type { Pool } from '../db/connection/pool.ts';
import type { AppEnv } from './middleware/request.ts';
import type { Drain } from './shutdown.ts';

/** How long an answer about the database stands, in ms: probes must not be a lever for load. */
const CACHE_MS = 1_000;
/** How long the database may take to answer a probe, in ms. */
const PROBE_MS = 2_000;

/** What this server can do. */
export interface Readiness {
  /** Whether PostgreSQL answers, with a lobby that this code can work on. */
  database(): Promise<boolean>;
  readonly draining: boolean;
}

/** Asks at most once a second, however many want to know. @param deps.pool one that no request waits for */
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

/** `/livez`: the process answers. `/readyz`: it can work. `/health`: for people. */
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
