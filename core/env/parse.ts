import { z } from 'zod';
import { SETTINGS, type SettingName } from './settings.ts';

export type Source = Readonly<Record<string, string | undefined>>;
export type Env<Name extends SettingName> = {
  [N in Name]: z.output<(typeof SETTINGS)[N]['schema']>;
};

/** What each process reads. The server never sees the owner's URL. */
export const SERVER_SETTINGS = [
  'NODE_ENV',
  'PORT',
  'HOST',
  'PUBLIC_URL',
  'DATABASE_URL',
  'DATABASE_POOL_MAX',
  'RATE_LIMIT_URL',
  'RATE_LIMIT_TOKEN',
  'JWT_KEYS',
  'SECRET_KEY',
  'METRICS_TOKEN',
  'TRUSTED_PROXIES',
  'CORS_ORIGINS',
] as const satisfies SettingName[];

export const WORKER_SETTINGS = [
  'NODE_ENV',
  'PUBLIC_URL',
  'DATABASE_OWNER_URL',
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  'TEMPORAL_TLS_SERVER_NAME',
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
  'TEMPORAL_API_KEY',
  'MAIL_URL',
  'MAIL_FROM',
  'SECRET_KEY',
] as const satisfies SettingName[];

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
 * Reads the settings `names` of a process from its environment. Called once, at the process's entry.
 * An empty value counts as not set, as compose files and CI write it.
 * @throws EnvError with one line per problem; no line repeats a secret
 */
export function parseEnv<Name extends SettingName>(
  source: Source,
  names: readonly Name[],
): Env<Name> {
  const problems: string[] = [];
  const production = source['NODE_ENV'] === 'production';
  const entries = names.map((name) => {
    const raw = source[name] === '' ? undefined : source[name];
    if (production) problems.push(...productionProblems(name, raw));
    const parsed = z.safeParse(SETTINGS[name].schema, raw);
    if (!parsed.success) {
      problems.push(...parsed.error.issues.map((issue) => `${name}: ${issue.message}`));
    }
    return [name, parsed.data];
  });
  if (problems.length > 0) throw new EnvError([...new Set(problems)]);
  return Object.fromEntries(entries);
}

function productionProblems(name: SettingName, raw: string | undefined): string[] {
  const setting = SETTINGS[name];
  if ('requiredInProduction' in setting && raw === undefined) {
    return [`${name}: is required in production (${setting.meaning})`];
  }
  if (name === 'RATE_LIMIT_URL' && raw?.startsWith('memory:')) {
    return [`${name}: memory: counts for one process only and is refused in production`];
  }
  if (name === 'MAIL_URL' && raw?.startsWith('file:')) {
    return [`${name}: file: sends nothing and is refused in production`];
  }
  return [];
}
