import type { BlockList } from 'node:net';
import { Hono, type Context as HonoContext } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { cors } from 'hono/cors';
import { AppError, shuttingDown } from '../core/errors.ts';
import type { Pool } from '../db/pool.ts';
import type { Services } from '../routers/context.ts';
import { INTERNAL_MESSAGE, reportOf, toTRPCError } from '../routers/errors.ts';
import { BODY_LIMIT } from './body.ts';
import { guardHeaders } from './headers.ts';
import { health } from './health.ts';
import { openApiDocument } from './openapi.ts';
import { pages } from './pages.ts';
import { problemResponse } from './problem.ts';
import { requestLog } from './request-log.ts';
import type { AppEnv } from './request.ts';
import { REST_PATH, restMount } from './rest.ts';
import type { Drain } from './shutdown.ts';
import { TRPC_PATH, trpcError, trpcMount } from './trpc-mount.ts';

export interface AppOptions {
  services: Services;
  publicUrl: string;
  version: string;
  corsOrigins: readonly string[];
  trustedProxies: BlockList;
  drain: Drain;
  /** For probes: what answers them must not wait behind the requests that it asks about. */
  probePool: Pool;
}

/** They are asked how it goes, to the end. */
const PROBES = new Set(['/livez', '/readyz', '/health', '/metrics']);

/** The whole server as a function of a request. It listens nowhere and reads no environment. */
export function createApp(options: AppOptions): Hono<AppEnv> {
  const { services, trustedProxies } = options;
  const app = new Hono<AppEnv>();
  const document = openApiDocument(options);

  app.use(guardHeaders());
  app.use(requestLog(services.log));
  const crossOrigin = cors({
    origin: [...options.corsOrigins],
    allowHeaders: ['Authorization', 'Content-Type', 'X-Tenant-Slug', 'X-Request-Id', 'trpc-accept', 'Last-Event-Id'],
    allowMethods: ['GET', 'POST', 'PATCH', 'DELETE'],
    exposeHeaders: ['X-Request-Id', 'Retry-After', 'RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'],
    maxAge: 600,
  });
  // Only a browser on another origin has need of it, and says so.
  app.use((c, next) =>
    c.req.header('origin') === undefined && c.req.method !== 'OPTIONS' ? next() : crossOrigin(c, next),
  );
  app.use(bodyLimit({ maxSize: BODY_LIMIT, onError: tooLarge }));

  app.use(async (c, next) => {
    if (!options.drain.refusing || PROBES.has(c.req.path)) return await next();
    return refuse(c, shuttingDown());
  });
  app.all(`${TRPC_PATH}/*`, trpcMount(services, trustedProxies));
  app.route(REST_PATH, restMount(services, trustedProxies));
  app.get('/openapi.json', (c) => c.json(document));
  app.get('/.well-known/jwks.json', (c) => c.json(services.accessTokens.jwks));
  app.route('/', health({ pool: options.probePool, drain: options.drain, version: options.version }));
  app.route('/', pages());

  app.notFound((c) => refuse(c, new AppError('NOT_FOUND', 'There is nothing at this address.')));
  app.onError((error, c) => {
    if (error instanceof AppError) return refuse(c, error);
    services.log.error({ err: error, requestId: c.var.requestId }, 'request failed');
    return refuse(c, new AppError('INTERNAL', INTERNAL_MESSAGE));
  });
  return app;
}

/** An error in the envelope of the mount that was called. */
function refuse(c: HonoContext<AppEnv>, error: AppError): Response {
  const { requestId } = c.var;
  if (c.req.path.startsWith(`${TRPC_PATH}/`)) return trpcError(error, requestId);
  return problemResponse(reportOf(toTRPCError(error)), requestId);
}

function tooLarge(): never {
  throw new AppError('PAYLOAD_TOO_LARGE', 'The body is larger than 1 MiB.');
}
