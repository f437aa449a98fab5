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
    meaning: 'production refuses the defaults that are only good for development',
  }),
  PORT: setting(wholeNumber(0, 65_535).default(3000), {
    type: 'port',
    default: '3000',
    meaning: 'where the server listens; 0 takes a free port',
  }),
  HOST: setting(host().default('127.0.0.1'), {
    type: 'address',
    default: '127.0.0.1',
    meaning: 'the address the server binds to, and the worker for its metrics',
  }),
  PUBLIC_URL: setting(publicUrl().default('http://localhost:3000'), {
    type: 'https://…',
    default: 'http://localhost:3000',
    meaning: 'where people reach the server, and the issuer of tokens; may have a path, which a proxy strips',
    requiredInProduction: true,
  }),
  APP_URL: setting(publicUrl().optional(), {
    type: 'https://…',
    default: 'PUBLIC_URL',
    meaning: 'where the links in mail lead: it has the pages /verify-email, /reset-password and /accept-invite',
  }),
  DATABASE_URL: setting(postgresUrl(), {
    type: 'postgres://…',
    default: 'embedded',
    meaning: 'the app role: no superuser, no owner, no CREATE; may go through PgBouncer',
    secret: true,
  }),
  DATABASE_OWNER_URL: setting(postgresUrl(), {
    type: 'postgres://…',
    default: 'embedded',
    meaning: 'the owner, with CREATEROLE, a direct connection: migrations and provisioning; worker and CLI only',
    secret: true,
  }),
  DATABASE_POOL_MAX: setting(wholeNumber(1, 1000).default(10), {
    type: 'count',
    default: '10',
    meaning: 'connections of one process; one tenant may hold half of them',
  }),
  TEMPORAL_ADDRESS: setting(hostAndPort('is missing. `bun run dev` starts an embedded Temporal and sets it'), {
    type: 'host:port',
    default: 'embedded',
    meaning: 'the Temporal frontend; Temporal Cloud works too',
  }),
  TEMPORAL_NAMESPACE: setting(plainName().default('default'), {
    type: 'name',
    default: 'default',
    meaning: 'the Temporal namespace',
  }),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: setting(readableFile().optional(), {
    type: 'path',
    default: 'none',
    meaning: "PEM file of the CA that signed Temporal's certificate; turns TLS on",
  }),
  TEMPORAL_TLS_SERVER_NAME: setting(hostName().optional(), {
    type: 'name',
    default: 'none',
    meaning: "the name to expect in Temporal's certificate; turns TLS on",
  }),
  TEMPORAL_TLS_CLIENT_CERT_PATH: setting(readableFile().optional(), {
    type: 'path',
    default: 'none',
    meaning: 'PEM file of the client certificate for mutual TLS',
  }),
  TEMPORAL_TLS_CLIENT_KEY_PATH: setting(readableFile().optional(), {
    type: 'path',
    default: 'none',
    meaning: 'PEM file of the key of the client certificate',
  }),
  TEMPORAL_API_KEY: setting(headerToken().optional(), {
    type: 'text',
    default: 'none',
    meaning: 'API key of Temporal Cloud; turns TLS on',
    secret: true,
  }),
  RATE_LIMIT_URL: setting(rateLimitUrl().default('memory:'), {
    type: 'memory: | redis://… | rediss://… | https://…',
    default: 'memory:',
    meaning: 'where rate limits are counted: this process, a Redis, or Upstash REST',
    secret: true,
    requiredInProduction: true,
  }),
  RATE_LIMIT_TOKEN: setting(headerToken().optional(), {
    type: 'text',
    default: 'none',
    meaning: 'token of Upstash REST; required where RATE_LIMIT_URL is https://',
    secret: true,
  }),
  RATE_LIMIT_FACTOR: setting(wholeNumber(1, 100_000).default(1), {
    type: 'number',
    default: '1',
    meaning: 'multiplies every rate limit; for load tests, 1 everywhere else',
  }),
  MAIL_URL: setting(mailUrl().default('file:.local/mail'), {
    type: 'smtp://… | smtps://… | file:folder',
    default: 'file:.local/mail',
    meaning: 'how mail leaves: an SMTP server, or one .eml file a mail',
    secret: true,
    requiredInProduction: true,
  }),
  MAIL_FROM: setting(mailbox().prefault('Atrium <no-reply@atrium.localhost>'), {
    type: 'Name <address>',
    default: 'Atrium <no-reply@atrium.localhost>',
    meaning: 'the sender of mail',
  }),
  JWT_KEYS: setting(jwtKeys(), {
    type: 'JWKS',
    default: 'made by bun run dev',
    meaning: 'private Ed25519 keys: the first signs access tokens, all verify',
    secret: true,
    requiredInProduction: true,
  }),
  SECRET_KEY: setting(secretKeys(), {
    type: 'base64, comma-separated',
    default: 'made by bun run dev',
    meaning: '32 bytes or more each: the first is used, all verify; mailed tokens, refresh successors, audit seals',
    secret: true,
    requiredInProduction: true,
  }),
  AUDIT_RETENTION_DAYS: setting(wholeNumber(0, 36_500).default(400), {
    type: 'days',
    default: '400',
    meaning: 'how long audit rows are kept, at least: whole months are dropped; 0 keeps all for good',
  }),
  METRICS_TOKEN: setting(headerToken().min(16, 'must be 16 characters or longer').optional(), {
    type: 'text',
    default: 'none',
    meaning: 'bearer token for /metrics, of the server and of the worker',
    secret: true,
    requiredInProduction: true,
  }),
  WORKER_METRICS_PORT: setting(wholeNumber(1, 65_535).optional(), {
    type: 'port',
    default: 'none',
    meaning: 'where the worker tells its /metrics, at HOST; without it the worker listens nowhere',
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: setting(collectorUrl().optional(), {
    type: 'http://…',
    default: 'none',
    meaning:
      'an OpenTelemetry collector that takes traces by HTTP, at /v1/traces below it; without it nothing is traced',
  }),
  OTEL_TRACES_SAMPLER_ARG: setting(decimalNumber(0, 1).default(0.1), {
    type: '0 to 1',
    default: '0.1',
    meaning: 'the share of traces that is kept; a request that continues a trace does as that one does',
  }),
  TRUSTED_PROXIES: setting(cidrs(), {
    type: 'CIDR, comma-separated',
    default: 'none',
    meaning: 'proxies whose X-Forwarded-For or Forwarded is believed, read right to left',
  }),
  DRAIN_SECONDS: setting(decimalNumber(0, 300).default(5), {
    type: 'seconds',
    default: '5',
    meaning: 'how long the server works on after SIGTERM while /readyz says no: longer than a balancer takes to see it',
  }),
  SHUTDOWN_SECONDS: setting(decimalNumber(1, 600).default(25), {
    type: 'seconds',
    default: '25',
    meaning: 'when a server that was told to stop is gone, whatever is under way; shorter than what its keeper allows',
  }),
  IDLE_SECONDS: setting(wholeNumber(1, 240).default(30), {
    type: 'seconds',
    default: '30',
    meaning: 'how long a connection may carry nothing before a request, and while one is received',
  }),
  // Bun's clock has steps of four seconds, so a shorter time would be no time; and it takes more than 255 for 255.
  READER_SECONDS: setting(wholeNumber(10, 255).default(240), {
    type: 'seconds, 10 to 255',
    default: '240',
    meaning: 'how long the server waits for a client that takes little of its answer; and for its next request',
  }),
  CORS_ORIGINS: setting(origins(), {
    type: 'origin, comma-separated',
    default: 'none',
    meaning: 'web origins that may call from a browser',
  }),
  CORS_HEADERS: setting(headerNames(), {
    type: 'header, comma-separated',
    default: 'none',
    meaning: 'request headers that these origins may send beside the documented ones, as in baggage,sentry-trace',
  }),
  SUPERUSER_EMAILS: setting(list(emailSchema), {
    type: 'e-mail, comma-separated',
    default: 'none',
    meaning: 'who `bun run superuser` may promote',
  }),
});
