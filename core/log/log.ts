import { pino, type DestinationStream, type Logger } from 'pino';
import pretty from 'pino-pretty';
import { describeError } from './describe-error.ts';
import { redact, REDACTED, SECRET_KEYS } from './redact.ts';

export type Log = Logger;

/**
 * Lines are buffered and written together, after this many bytes or ms. Writing each line by itself takes a tenth of the
 * time of a busy server. A process that exits flushes the buffer. A process that is killed loses it.
 */
const WRITING = { minLength: 4_096, periodicFlush: 100 } as const;

/**
 * Creates a log of JSON lines, or of readable lines for development. Secrets are redacted by key and by pattern, and
 * errors are logged without values. JSON escapes line breaks, so a value can't start a new line.
 */
export function createLog(options: {
  name: string;
  format: 'json' | 'pretty';
  level?: string;
  /** Where lines are written; standard output by default. */
  to?: DestinationStream;
}): Log {
  const settings = {
    name: options.name,
    level: options.level ?? 'info',
    // Pino redacts the top-level keys, with values of any type. `redact` covers nested keys and secrets within texts.
    redact: { paths: [...SECRET_KEYS], censor: REDACTED },
    // Temporal logs errors as `error`.
    serializers: { err: describeError, error: describeError },
    hooks: { streamWrite: redact },
  };
  if (options.to) return pino(settings, options.to);
  if (options.format === 'json') return pino(settings, pino.destination({ dest: 1, sync: false, ...WRITING }));
  return pino(settings, pretty({ ignore: 'pid,hostname,name', colorize: false, singleLine: true, sync: true }));
}
