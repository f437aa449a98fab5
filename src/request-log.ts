import type { MiddlewareHandler } from 'hono';
import type { Log } from '../core/log.ts';
import type { AppEnv } from './request.ts';

/** Paths that probes ask for, every second or so. */
const QUIET = new Set(['/livez', '/readyz']);

/** One line a request. The path alone, never the query: a mailed link has its token there. */
export function requestLog(log: Log): MiddlewareHandler<AppEnv> {
  return async function logRequest(c, next) {
    const start = performance.now();
    await next();
    if (QUIET.has(c.req.path)) return;
    log.info(
      {
        requestId: c.var.requestId,
        method: c.req.method,
        path: c.req.path,
        status: c.res.status,
        milliseconds: Math.round((performance.now() - start) * 10) / 10,
      },
      'request',
    );
  };
}
