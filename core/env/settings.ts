import { z } from 'zod';
import { emailSchema } from '../mail/address.ts';
import { jwtKeys, secretKeys } from './keys.ts';
import { cidrs, headerNames, host, origins } from './network.ts';
import { decimalNumber, wholeNumber } from './numbers.ts';
import { SERVICES } from './services.ts';
import { setting } from './setting-info.ts';
import { collectorUrl, publicUrl } from './urls.ts';
import { headerToken, list } from './values.ts';

/** Every setting of Atrium. The table in the docs, `bun run config` and `.env.example` are made from it. */
export const SETTINGS = z.object({
  NODE_ENV: setting(z.enum(['development', 'test', 'production']).default('development'), {
    type: 'development | test | production',
    default: 'development',
    meaning: 'The kind of environment. `production` refuses defaults that are only suitable for development.',
  }),
  PORT: setting(wholeNumber(0, 65_535).default(3000), {
    type: 'port',
    default: '3000',
    meaning: 'Port the server listens on. 0 picks a free port.',
  }),
  HOST: setting(host().default('127.0.0.1'), {
    type: 'address',
    default: '127.0.0.1',
    meaning: 'Address the server listens on. The worker serves its metrics on it.',
  }),
  PUBLIC_URL: setting(publicUrl().default('http://localhost:3000'), {
    type: 'https://…',
    default: 'http://localhost:3000',
    meaning: 'Public URL of the server and issuer of its tokens. It may have a path, which your proxy must strip.',
    requiredInProduction: true,
  }),
  APP_URL: setting(publicUrl().optional(), {
    type: 'https://…',
    default: 'PUBLIC_URL',
    meaning:
      'Base URL of the links in mails. It must serve the pages /verify-email, /reset-password and /accept-invite.',
  }),
  ...SERVICES,
  JWT_KEYS: setting(jwtKeys(), {
    type: 'JWKS',
    default: 'made by bun run dev',
    meaning: 'Private Ed25519 keys. The first one signs access tokens; all of them verify.',
    secret: true,
    requiredInProduction: true,
  }),
  SECRET_KEY: setting(secretKeys(), {
    type: 'base64, comma-separated',
    default: 'made by bun run dev',
    meaning:
      'Keys of 32 bytes or more for mailed tokens, refresh tokens and audit seals. The first one is used; all of them are accepted.',
    secret: true,
    requiredInProduction: true,
  }),
  AUDIT_RETENTION_DAYS: setting(wholeNumber(0, 36_500).default(400), {
    type: 'days',
    default: '400',
    meaning: 'Minimum number of days that audit rows are kept. Whole months are dropped. 0 keeps all rows forever.',
  }),
  METRICS_TOKEN: setting(headerToken().min(16, 'must be 16 characters or longer').optional(), {
    type: 'text',
    default: 'none',
    meaning: 'Bearer token for /metrics of the server and the worker. At least 16 characters.',
    secret: true,
    requiredInProduction: true,
  }),
  WORKER_METRICS_PORT: setting(wholeNumber(1, 65_535).optional(), {
    type: 'port',
    default: 'none',
    meaning: 'Port on which the worker serves /metrics. If it is not set, the worker does not listen on any port.',
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: setting(collectorUrl().optional(), {
    type: 'http://…',
    default: 'none',
    meaning:
      'Base URL of an OpenTelemetry collector. Traces are sent to /v1/traces below it over HTTP. If it is not set, tracing is off.',
  }),
  OTEL_TRACES_SAMPLER_ARG: setting(decimalNumber(0, 1).default(0.1), {
    type: '0 to 1',
    default: '0.1',
    meaning: 'Share of traces to keep. A request that continues a trace follows the decision of its caller.',
  }),
  TRUSTED_PROXIES: setting(cidrs(), {
    type: 'CIDR, comma-separated',
    default: 'none',
    meaning: 'Proxies whose X-Forwarded-For or Forwarded header is trusted. The header is read from right to left.',
  }),
  DRAIN_SECONDS: setting(decimalNumber(0, 300).default(5), {
    type: 'seconds',
    default: '5',
    meaning:
      'How long the server keeps serving requests after SIGTERM while /readyz answers 503. Set it longer than your load balancer needs to notice.',
  }),
  SHUTDOWN_SECONDS: setting(decimalNumber(1, 600).default(25), {
    type: 'seconds',
    default: '25',
    meaning:
      'Time after SIGTERM at which the server exits even if requests are still running. Set it shorter than the grace period of your process manager.',
  }),
  IDLE_SECONDS: setting(wholeNumber(1, 240).default(30), {
    type: 'seconds',
    default: '30',
    meaning: 'How long a connection may be idle before a request and while a request is received.',
  }),
  // Bun measures this time in steps of four seconds, so a much shorter one does not work. It lowers values above 255 to 255.
  READER_SECONDS: setting(wholeNumber(10, 255).default(240), {
    type: 'seconds, 10 to 255',
    default: '240',
    meaning:
      'How long the server waits for a client that reads its response too slowly, and for the next request on a connection.',
  }),
  CORS_ORIGINS: setting(origins(), {
    type: 'origin, comma-separated',
    default: 'none',
    meaning: 'Exact web origins that may call the API from a browser.',
  }),
  CORS_HEADERS: setting(headerNames(), {
    type: 'header, comma-separated',
    default: 'none',
    meaning:
      'Request headers that these origins may send in addition to the documented ones, for example baggage,sentry-trace.',
  }),
  SUPERUSER_EMAILS: setting(list(emailSchema), {
    type: 'e-mail, comma-separated',
    default: 'none',
    meaning: 'Addresses of the users whom `bun run superuser promote` accepts.',
  }),
});
