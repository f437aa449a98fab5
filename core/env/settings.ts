import { z } from 'zod';
import { emailSchema } from '../mail/address.ts';
import { jwtKeys, secretKeys } from './keys.ts';
import { cidrs, headerNames, host, hostAndPort, hostName, origins } from './network.ts';
import { decimalNumber, wholeNumber } from './numbers.ts';
import { collectorUrl, mailUrl, postgresUrl, publicUrl, rateLimitUrl } from './urls.ts';
import { headerToken, list, mailbox, plainName, readableFile } from './values.ts';

export interface SettingInfo {
  /** How the value is written, as in `postgres://…`. */
  type: string;
  meaning: string;
  secret?: true;
  /** What stands in when nothing is set; said here because it may be made, not written. */
  default: string;
  /** Whether `NODE_ENV=production` refuses to start without it. */
  requiredInProduction?: true;
}

/** What is known of each setting beside its schema. */
export const settingInfo = z.registry<SettingInfo>();

function setting<Schema extends z.ZodType>(schema: Schema, info: SettingInfo): Schema {
  settingInfo.add(schema, info);
  return schema;
}

/** Every setting of Atrium. The table in the docs, `bun run config` and `.env.example` come from here. */
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
  DATABASE_URL: setting(postgresUrl(), {
    type: 'postgres://…',
    default: 'embedded',
    meaning:
      'Connection of the server. Its role must not be a superuser, own tables or have CREATE. It may go through PgBouncer.',
    secret: true,
  }),
  DATABASE_OWNER_URL: setting(postgresUrl(), {
    type: 'postgres://…',
    default: 'embedded',
    meaning:
      'Connection of the worker and the CLI, for migrations and provisioning. Its role owns the database and has CREATEROLE. It must be a direct connection.',
    secret: true,
  }),
  DATABASE_POOL_MAX: setting(wholeNumber(1, 1000).default(10), {
    type: 'count',
    default: '10',
    meaning: 'Maximum number of database connections of one server process. One tenant may use at most half of them.',
  }),
  TEMPORAL_ADDRESS: setting(hostAndPort('is missing. `bun run dev` starts an embedded Temporal and sets it'), {
    type: 'host:port',
    default: 'embedded',
    meaning: 'Address of the Temporal frontend, your own or of Temporal Cloud.',
  }),
  TEMPORAL_NAMESPACE: setting(plainName().default('default'), {
    type: 'name',
    default: 'default',
    meaning: 'Temporal namespace. It must exist.',
  }),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: setting(readableFile().optional(), {
    type: 'path',
    default: 'none',
    meaning: "PEM file of the CA that signed Temporal's certificate. Enables TLS.",
  }),
  TEMPORAL_TLS_SERVER_NAME: setting(hostName().optional(), {
    type: 'name',
    default: 'none',
    meaning: "Host name to expect in Temporal's certificate. Enables TLS.",
  }),
  TEMPORAL_TLS_CLIENT_CERT_PATH: setting(readableFile().optional(), {
    type: 'path',
    default: 'none',
    meaning: 'PEM file of the client certificate for mutual TLS.',
  }),
  TEMPORAL_TLS_CLIENT_KEY_PATH: setting(readableFile().optional(), {
    type: 'path',
    default: 'none',
    meaning: 'PEM file of the private key of that client certificate.',
  }),
  TEMPORAL_API_KEY: setting(headerToken().optional(), {
    type: 'text',
    default: 'none',
    meaning: 'API key of Temporal Cloud. Enables TLS.',
    secret: true,
  }),
  RATE_LIMIT_URL: setting(rateLimitUrl().default('memory:'), {
    type: 'memory: | redis://… | rediss://… | https://…',
    default: 'memory:',
    meaning:
      'Where rate limits are counted: in this process, in Redis, or in Upstash Redis over REST. Production refuses `memory:`.',
    secret: true,
    requiredInProduction: true,
  }),
  RATE_LIMIT_TOKEN: setting(headerToken().optional(), {
    type: 'text',
    default: 'none',
    meaning: 'Token for the Upstash REST API. Required if RATE_LIMIT_URL begins with https://.',
    secret: true,
  }),
  RATE_LIMIT_FACTOR: setting(wholeNumber(1, 100_000).default(1), {
    type: 'number',
    default: '1',
    meaning: 'Factor by which every rate limit is multiplied. Use it for load tests only.',
  }),
  MAIL_URL: setting(mailUrl().default('file:.local/mail'), {
    type: 'smtp://… | smtps://… | file:folder',
    default: 'file:.local/mail',
    meaning:
      'SMTP server that sends mail, or a folder that gets one .eml file for each mail. Production refuses `file:`.',
    secret: true,
    requiredInProduction: true,
  }),
  MAIL_FROM: setting(mailbox().prefault('Atrium <no-reply@atrium.localhost>'), {
    type: 'Name <address>',
    default: 'Atrium <no-reply@atrium.localhost>',
    meaning: 'Sender of all mails.',
  }),
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
  // Bun's clock has steps of four seconds, so a shorter time would be no time; and it takes more than 255 for 255.
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
