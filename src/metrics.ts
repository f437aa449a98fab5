import { Hono } from 'hono';
import { AppError } from '../core/errors.ts';
import { mayReadMetrics } from '../core/metrics/bearer.ts';
import type { ServerMetrics } from '../core/metrics/server.ts';
import type { AppEnv } from './middleware/request.ts';

/** Serves `/metrics` for Prometheus. `deps.token` is the value of `METRICS_TOKEN`. */
export function metricsPage(deps: { metrics: ServerMetrics; token: string | undefined }): Hono<AppEnv> {
  const { registry } = deps.metrics;
  return new Hono<AppEnv>().get('/metrics', async (c) => {
    if (!mayReadMetrics(deps.token, c.req.header('authorization'))) {
      throw new AppError(
        'UNAUTHENTICATED',
        'The metrics token is missing or wrong. Send it as "Authorization: Bearer <token>".',
      );
    }
    return c.body(await registry.metrics(), 200, { 'Content-Type': registry.contentType });
  });
}
