import type { z } from 'zod';
import { settingInfo, SETTINGS } from './settings.ts';

export type Source = Readonly<Record<string, string | undefined>>;

/** What each process reads. The server never sees the owner's URL. */
export const SERVER_SETTINGS = SETTINGS.pick({
  NODE_ENV: true,
  PORT: true,
  HOST: true,
  PUBLIC_URL: true,
  DATABASE_URL: true,
  DATABASE_POOL_MAX: true,
  RATE_LIMIT_URL: true,
  RATE_LIMIT_TOKEN: true,
  RATE_LIMIT_FACTOR: true,
  DRAIN_SECONDS: true,
  SHUTDOWN_SECONDS: true,
  JWT_KEYS: true,
  SECRET_KEY: true,
  METRICS_TOKEN: true,
  OTEL_EXPORTER_OTLP_ENDPOINT: true,
  OTEL_TRACES_SAMPLER_ARG: true,
  TRUSTED_PROXIES: true,
  CORS_ORIGINS: true,
});

export const WORKER_SETTINGS = SETTINGS.pick({
  NODE_ENV: true,
  PUBLIC_URL: true,
  DATABASE_OWNER_URL: true,
  TEMPORAL_ADDRESS: true,
  TEMPORAL_NAMESPACE: true,
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: true,
  TEMPORAL_TLS_SERVER_NAME: true,
  TEMPORAL_TLS_CLIENT_CERT_PATH: true,
  TEMPORAL_TLS_CLIENT_KEY_PATH: true,
  TEMPORAL_API_KEY: true,
  MAIL_URL: true,
  MAIL_FROM: true,
  SECRET_KEY: true,
  AUDIT_RETENTION_DAYS: true,
  HOST: true,
  WORKER_METRICS_PORT: true,
  METRICS_TOKEN: true,
  OTEL_EXPORTER_OTLP_ENDPOINT: true,
  OTEL_TRACES_SAMPLER_ARG: true,
});

export const SUPERUSER_SETTINGS = SETTINGS.pick({
  NODE_ENV: true,
  DATABASE_OWNER_URL: true,
  SUPERUSER_EMAILS: true,
});

export const VERIFY_AUDIT_SETTINGS = SETTINGS.pick({ NODE_ENV: true, DATABASE_OWNER_URL: true, SECRET_KEY: true });

export const MIGRATE_SETTINGS = SETTINGS.pick({ NODE_ENV: true, DATABASE_OWNER_URL: true });

/** Settings that do not stand up to the schema; `problems` has one line for each. */
export class EnvError extends Error {
  override readonly name = 'EnvError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/**
 * Reads the settings of a process from its environment. Called once, at the process's entry.
 * An empty value counts as not set, as compose files and CI write it.
 * @param settings those of {@link SETTINGS} that the process reads
 * @throws EnvError with one line per problem; no line repeats a value
 */
export function parseEnv<Settings extends z.ZodObject>(source: Source, settings: Settings): z.output<Settings> {
  const given = Object.fromEntries(
    Object.keys(settings.shape).map((name) => [name, source[name] === '' ? undefined : source[name]]),
  );
  const parsed = settings.safeParse(given);
  const problems = new Map(parsed.error?.issues.map(({ path, message }) => [String(path[0]), message]));
  if (source['NODE_ENV'] === 'production') {
    for (const [name, problem] of productionProblems(settings, given)) problems.set(name, problem);
  }
  if (!parsed.success || problems.size > 0) {
    throw new EnvError(Array.from(problems, ([name, problem]) => `${name}: ${problem}`));
  }
  return parsed.data;
}

function productionProblems(settings: z.ZodObject, given: Source): [name: string, problem: string][] {
  return Object.entries(settings.shape).flatMap(([name, schema]) => {
    const info = settingInfo.get(schema);
    const value = given[name];
    // A worker, which has no PORT, needs no token for metrics that it does not tell.
    const idle = name === 'METRICS_TOKEN' && !('PORT' in settings.shape) && given['WORKER_METRICS_PORT'] === undefined;
    if (info?.requiredInProduction && value === undefined && !idle) {
      return [[name, `is required in production (${info.meaning})`]];
    }
    if (name === 'RATE_LIMIT_URL' && value?.startsWith('memory:')) {
      return [[name, 'memory: counts for one process only and is refused in production']];
    }
    if (name === 'MAIL_URL' && value?.startsWith('file:')) {
      return [[name, 'file: sends nothing and is refused in production']];
    }
    return [];
  });
}
