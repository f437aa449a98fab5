import { pino, type Logger } from 'pino';
import pretty from 'pino-pretty';
import { describeError } from './log-error.ts';

export type Log = Logger;

/** Keys whose values never reach a log. */
const SECRET_KEYS = [
  'password',
  'currentPassword',
  'newPassword',
  'accessToken',
  'refreshToken',
  'token',
  'authorization',
  'cookie',
  'key',
];

/** JSON lines in production, readable ones in development. Secrets are redacted by key, and errors told without values. */
export function createLog(options: { name: string; format: 'json' | 'pretty'; level?: string }): Log {
  const settings = {
    name: options.name,
    level: options.level ?? 'info',
    // Of a line's own keys: looking deeper costs more on each request than the rest of the line.
    redact: { paths: SECRET_KEYS, censor: '[redacted]' },
    serializers: { err: describeError },
  };
  // Written beside the work: a line that waits for the disk must not hold up a request.
  if (options.format === 'json') return pino(settings, pino.destination({ dest: 1, sync: false }));
  return pino(settings, pretty({ ignore: 'pid,hostname,name', colorize: false, singleLine: true, sync: true }));
}
