import type { BlockList } from 'node:net';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { cors } from 'hono/cors';
import { AppError, shuttingDown } from '../core/errors.ts';
import type { ServerMetrics } from '../core/metrics/server.ts';
import type { Services } from '../routers/procedures/context.ts';
import { INTERNAL_MESSAGE } from '../routers/procedures/errors.ts';
import { auditExport, EXPORT_PATH } from './rest/audit-export.ts';
import { BODY_LIMIT, bodyAborted, isAborted } from './middleware/body.ts';
import { headLength } from './middleware/head.ts';
import { guardHeaders } from './middleware/headers.ts';
import { health, type Readiness } from './health.ts';
import { metricsPage } from './metrics.ts';
import { openApiDocument } from './openapi/document.ts';
import { pages } from './pages/serve.ts';
import { refuse } from './middleware/refuse.ts';
import { observe } from './middleware/request-log.ts';
import type { AppEnv } from './middleware/request.ts';
import { REST_PATH, restMount, restRoutes } from './rest/mount.ts';
import type { Drain } from './shutdown.ts';
import { TRPC_PATH, trpcMount } from './trpc/mount.ts';
import { wellFormed } from './middleware/well-formed.ts';
import { isTemplate, refuseWrongMethods } from './middleware/wrong-method.ts';

export interface AppOptions {
  services: Services;
  publicUrl: string;
  version: string;
  corsOrigins: readonly string[];
  /** Request headers that `corsOrigins` may send in addition to the standard ones below. */
  corsHeaders: readonly string[];
  trustedProxies: BlockList;
  drain: Drain;
  readiness: Readiness;
  metrics: ServerMetrics;
  /** The bearer token that `/metrics` requires. */
  metricsToken: string | undefined;
}

/** Probes stay reachable while the server drains. */
const PROBES = new Set(['/livez', '/readyz', '/health', '/metrics']);

/** A host name or an IP address, and an optional port. Bun treats any other Host value as part of the path. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?$/i;

/** Creates the complete server as a Hono app. It opens no port and reads no environment variables. */
export function createApp(options: AppOptions): Hono<AppEnv> {
  const { services, trustedProxies } = options;
  const app = new Hono<AppEnv>();
  const document = openApiDocument(options);

  app.use(guardHeaders());
  app.use(observe({ log: services.log, metrics: options.metrics }));
  app.use(headLength());
  app.use(async (c, next) => {
    const host = c.req.header('host');
    // HTTP/1.0 allows a request without Host. Bun then has no origin, and Hono reads one from the path.
    if (host === undefined ? c.req.url.startsWith('http') : HOST.test(host)) return await next();
    return refuse(c, invalidHost());
  });
  const crossOrigin = cors({
    origin: [...options.corsOrigins],
    allowHeaders: [
      'Authorization',
      'Content-Type',
      'X-Tenant-Slug',
      'X-Request-Id',
      'traceparent',
      'trpc-accept',
      'Last-Event-Id',
      ...options.corsHeaders,
    ],
    allowMethods: ['GET', 'POST', 'PATCH', 'DELETE'],
    exposeHeaders: ['X-Request-Id', 'Retry-After', 'RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'],
    maxAge: 600,
  });
  // Only cross-origin requests of browsers need CORS headers, and these requests have an Origin header.
  app.use((c, next) =>
    c.req.header('origin') === undefined && c.req.method !== 'OPTIONS' ? next() : crossOrigin(c, next),
  );
  app.use(async (c, next) => {
    // Hono's body limit does not check GET and HEAD.
    const bodiless = c.req.method === 'GET' || c.req.method === 'HEAD';
    if (
      bodiless &&
      (Number(c.req.header('content-length') ?? 0) > 0 || c.req.header('transfer-encoding') !== undefined)
    ) {
      return refuse(
        c,
        new AppError(
          'VALIDATION_FAILED',
          `${c.req.method} requests cannot have a body. Use the documented method of this path.`,
        ),
      );
    }
    return await next();
  });
  app.use(bodyLimit({ maxSize: BODY_LIMIT, onError: tooLarge }));

  app.use(async (c, next) => {
    if (!options.drain.refusing || PROBES.has(c.req.path)) return await next();
    return refuse(c, shuttingDown());
  });
  app.use(`${TRPC_PATH}/*`, wellFormed('trpc', services, trustedProxies));
  app.use(`${REST_PATH}/*`, wellFormed('rest', services, trustedProxies));
  app.all(`${TRPC_PATH}/*`, trpcMount(services, trustedProxies));
  const served = [...restRoutes(), { method: 'GET', path: EXPORT_PATH }].map(({ method, path }) => ({
    method,
    path: `${REST_PATH}${path}`,
  }));
  refuseWrongMethods(
    app,
    served.filter((one) => !isTemplate(one)),
  );
  app.get(`${REST_PATH}${EXPORT_PATH}`, auditExport(services, trustedProxies));
  app.route(REST_PATH, restMount(services, trustedProxies));
  refuseWrongMethods(app, served.filter(isTemplate));
  app.get('/openapi.json', (c) => c.json(document));
  app.get('/.well-known/jwks.json', (c) => c.json(services.accessTokens.jwks));
  app.route('/', health({ readiness: options.readiness, version: options.version }));
  app.route('/', metricsPage({ metrics: options.metrics, token: options.metricsToken }));
  app.route('/', pages());

  app.notFound((c) => refuse(c, new AppError('NOT_FOUND', 'There is nothing at this path.')));
  app.onError((error, c) => {
    if (error instanceof AppError) return refuse(c, error);
    if (isAborted(error)) return refuse(c, bodyAborted(error));
    services.log.error({ err: error, requestId: c.var.requestId }, 'request failed');
    return refuse(c, new AppError('INTERNAL', INTERNAL_MESSAGE));
  });
  return app;
}

function invalidHost(): AppError {
  return new AppError(
    'VALIDATION_FAILED',
    'The Host header must be a host name or an IP address, with or without a port.',
  );
}

function tooLarge(): never {
  throw new AppError('PAYLOAD_TOO_LARGE', 'The request body is larger than 1 MiB. Send a smaller one.');
}
