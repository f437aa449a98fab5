import { Hono } from 'hono';
import { lobbyIsCurrent } from '../db/preflight.ts';
import type { Pool } from '../db/pool.ts';
import type { AppEnv } from './request.ts';
import type { Drain } from './shutdown.ts';

/** How long an answer about the database stands, in ms: probes must not be a lever for load. */
const CACHE_MS = 1_000;
/** How long the database may take to answer a probe, in ms. */
const PROBE_MS = 2_000;

/** `/livez`: the process answers. `/readyz`: it can work. `/health`: for people. */
export function health(deps: { pool: Pool; drain: Pick<Drain, 'draining'>; version: string }): Hono<AppEnv> {
  const startedAt = Date.now();
  const databaseReady = cached(CACHE_MS, () =>
    Promise.race([
      lobbyIsCurrent(deps.pool).catch(() => false),
      new Promise<false>((resolve) => {
        setTimeout(resolve, PROBE_MS, false).unref();
      }),
    ]),
  );

  return new Hono<AppEnv>()
    .get('/livez', (c) => c.json({ status: 'ok' }))
    .get('/readyz', async (c) => {
      const ready = !deps.drain.draining && (await databaseReady());
      return c.json({ status: ready ? 'ok' : 'unavailable' }, ready ? 200 : 503);
    })
    .get('/health', async (c) => {
      const database = await databaseReady();
      return c.json(
        {
          status: database && !deps.drain.draining ? 'ok' : 'unavailable',
          version: deps.version,
          uptimeSeconds: Math.floor((Date.now() - startedAt) / 1000),
          checks: { database: database ? 'ok' : 'out of reach, or not migrated', draining: deps.drain.draining },
        },
        database ? 200 : 503,
      );
    });
}

/** Remembers an answer for a while, and lets all who ask meanwhile share one question. */
function cached<T>(milliseconds: number, ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  let askedAt = 0;
  return () => {
    if (!answer || Date.now() - askedAt > milliseconds) {
      askedAt = Date.now();
      answer = ask();
    }
    return answer;
  };
}
