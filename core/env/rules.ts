import type { z } from 'zod';
import { settingInfo } from './setting-info.ts';
import { SETTINGS } from './settings.ts';
import { parseUrl } from './urls.ts';

type Given = Readonly<Record<string, string | undefined>>;
/** The name of a setting and what is wrong with it, in one line that does not repeat its value. */
export type Problem = readonly [name: string, problem: string];

/** A JWKS is JSON, which may have several lines. */
const MAY_HAVE_LINES = new Set(['JWT_KEYS']);

/** Refuses control characters, and a value of blanks alone. An empty value counts as not set. */
export function textProblems(given: Given): Problem[] {
  return Object.entries(given).flatMap(([name, value = '']): Problem[] => {
    if (value !== '' && value.trim() === '') return [[name, 'contains only blanks; set a value, or leave it empty']];
    // oxlint-disable-next-line no-control-regex -- the pattern finds control characters
    const controls = MAY_HAVE_LINES.has(name) ? /[\0-\x08]/ : /[\0-\x1f\x7f]/;
    return controls.test(value) ? [[name, 'must not contain line breaks or other control characters']] : [];
  });
}

/** Rules between several settings. Only the settings that the process reads are checked. */
export function jointProblems(settings: z.ZodObject, given: Given): Problem[] {
  const reads = (...names: string[]): boolean => names.every((name) => name in settings.shape);
  const isSet = (name: string): boolean => given[name] !== undefined;
  const problems: Problem[] = [];

  if (reads('RATE_LIMIT_TOKEN') && given['RATE_LIMIT_URL']?.startsWith('https:') && !isSet('RATE_LIMIT_TOKEN')) {
    problems.push(['RATE_LIMIT_TOKEN', 'is required because RATE_LIMIT_URL begins with https://']);
  }
  const [certificate, key] = ['TEMPORAL_TLS_CLIENT_CERT_PATH', 'TEMPORAL_TLS_CLIENT_KEY_PATH'] as const;
  if (reads(certificate, key) && isSet(certificate) !== isSet(key)) {
    problems.push(
      isSet(certificate)
        ? [key, `is required because ${certificate} is set`]
        : [certificate, `is required because ${key} is set`],
    );
  }
  if (reads('DRAIN_SECONDS', 'SHUTDOWN_SECONDS')) {
    const drain = SETTINGS.shape.DRAIN_SECONDS.safeParse(given['DRAIN_SECONDS']);
    const shutdown = SETTINGS.shape.SHUTDOWN_SECONDS.safeParse(given['SHUTDOWN_SECONDS']);
    if (drain.success && shutdown.success && shutdown.data <= drain.data) {
      problems.push([
        'SHUTDOWN_SECONDS',
        'must be greater than DRAIN_SECONDS, so that running requests have time to end',
      ]);
    }
  }
  return problems;
}

/** Values, and missing settings, that `NODE_ENV=production` refuses. */
export function productionProblems(settings: z.ZodObject, given: Given): Problem[] {
  return Object.entries(settings.shape).flatMap(([name, schema]): Problem[] => {
    const info = settingInfo.get(schema);
    const value = given[name];
    // A worker that serves no metrics needs no METRICS_TOKEN. It is the process without a PORT.
    const idle = name === 'METRICS_TOKEN' && !('PORT' in settings.shape) && given['WORKER_METRICS_PORT'] === undefined;
    if (info?.requiredInProduction && value === undefined && !idle) {
      return [[name, `is required in production. ${info.meaning}`]];
    }
    if (name === 'RATE_LIMIT_URL' && value?.startsWith('memory:')) {
      return [
        [
          name,
          'must not be memory: in production, because it counts for one process only; set redis://, rediss:// or https://',
        ],
      ];
    }
    if (name === 'MAIL_URL' && value?.startsWith('file:')) {
      return [[name, 'must not be file: in production, because it sends no mail; set smtp:// or smtps://']];
    }
    if ((name === 'PUBLIC_URL' || name === 'APP_URL') && value !== undefined && isPlainHttp(value)) {
      return [[name, 'must be https:// in production; http:// is only accepted for localhost']];
    }
    return [];
  });
}

/** Whether requests to this URL would go over a network without TLS. */
function isPlainHttp(url: string): boolean {
  const { protocol, hostname = '' } = parseUrl(url) ?? {};
  return protocol === 'http:' && !['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}
