import { hostAndPort, hostName } from './network.ts';
import { wholeNumber } from './numbers.ts';
import { setting } from './setting-info.ts';
import { mailUrl, postgresUrl, rateLimitUrl } from './urls.ts';
import { headerToken, mailbox, plainName, readableFile } from './values.ts';

/** The settings of the services that Atrium uses: PostgreSQL, Temporal, the rate limit counter, and mail. */
export const SERVICES = {
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
};
