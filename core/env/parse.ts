import type { z } from 'zod';
import { jointProblems, productionProblems, textProblems } from './rules.ts';
import { SETTINGS } from './settings.ts';

export type Source = Readonly<Record<string, string | undefined>>;

/** The settings that the server reads. It never reads the owner's URL. */
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
  IDLE_SECONDS: true,
  READER_SECONDS: true,
  JWT_KEYS: true,
  SECRET_KEY: true,
  METRICS_TOKEN: true,
  OTEL_EXPORTER_OTLP_ENDPOINT: true,
  OTEL_TRACES_SAMPLER_ARG: true,
  TRUSTED_PROXIES: true,
  CORS_ORIGINS: true,
  CORS_HEADERS: true,
});

export const WORKER_SETTINGS = SETTINGS.pick({
  NODE_ENV: true,
  PUBLIC_URL: true,
  APP_URL: true,
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

/** Settings that are missing or not valid. `problems` has one line for each setting, which begins with its name. */
export class EnvError extends Error {
  override readonly name = 'EnvError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/**
 * Reads the settings of a process from its environment. It is called once, at the entry of the process. An empty value
 * counts as not set, since compose files and CI write it so.
 * @param settings those of {@link SETTINGS} that the process reads
 * @throws EnvError with one line per problem; no line repeats a value
 */
export function parseEnv<Settings extends z.ZodObject>(source: Source, settings: Settings): z.output<Settings> {
  const given = Object.fromEntries(
    Object.keys(settings.shape).map((name) => [name, source[name] === '' ? undefined : source[name]]),
  );
  const parsed = settings.safeParse(given);
  const problems = new Map(parsed.error?.issues.map(({ path, message }) => [String(path[0]), message]));
  for (const [name, problem] of [
    ...jointProblems(settings, given),
    ...(source['NODE_ENV'] === 'production' ? productionProblems(settings, given) : []),
    ...textProblems(given),
  ]) {
    problems.set(name, problem);
  }
  if (!parsed.success || problems.size > 0) {
    throw new EnvError(Array.from(problems, ([name, problem]) => `${name}: ${problem}`));
  }
  return parsed.data;
}
