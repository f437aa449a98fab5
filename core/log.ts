import { pino, type Logger } from 'pino';
import pretty from 'pino-pretty';

export type Log = Logger;

/** Keys whose values never reach a log, wherever they stand. */
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

/** JSON lines in production, readable ones in development. Secrets are redacted by key. */
export function createLog(options: { name: string; format: 'json' | 'pretty'; level?: string }): Log {
  const settings = {
    name: options.name,
    level: options.level ?? 'info',
    redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' },
  };
  if (options.format === 'json') return pino(settings);
  return pino(settings, pretty({ ignore: 'pid,hostname,name', colorize: false, singleLine: true, sync: true }));
}
