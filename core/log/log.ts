import { pino, type DestinationStream, type Logger } from 'pino';
import pretty from 'pino-pretty';
import { describeError } from './describe-error.ts';
import { redact, REDACTED, SECRET_KEYS } from './redact.ts';

export type Log = Logger;

/**
 * Lines are written beside the work, several at once: after so many bytes, or so many ms. To write each by itself costs a
 * busy server a tenth of its time. A process that ends flushes; one that is killed loses what came in that time.
 */
const WRITING = { minLength: 4_096, periodicFlush: 100 } as const;

/**
 * JSON lines in production, readable ones in development. Secrets are redacted by key and by what they look like, and
 * errors told without values. JSON keeps a value on its line, whatever line breaks it brings.
 */
export function createLog(options: {
  name: string;
  format: 'json' | 'pretty';
  level?: string;
  /** Takes the lines; standard output if not said. */
  to?: DestinationStream;
}): Log {
  const settings = {
    name: options.name,
    level: options.level ?? 'info',
    // Of a line's own keys, whatever their values are; for what lies deeper, and stands in words, there is `redact`.
    redact: { paths: [...SECRET_KEYS], censor: REDACTED },
    // `error` is Temporal's name for it.
    serializers: { err: describeError, error: describeError },
    hooks: { streamWrite: redact },
  };
  if (options.to) return pino(settings, options.to);
  if (options.format === 'json') return pino(settings, pino.destination({ dest: 1, sync: false, ...WRITING }));
  return pino(settings, pretty({ ignore: 'pid,hostname,name', colorize: false, singleLine: true, sync: true }));
}
