/** An error as the log shows it. */
export interface LoggedError {
  type: string;
  message: string;
  /** PostgreSQL's SQLSTATE, or a system error's name. */
  code?: string;
  constraint?: string;
  stack?: string;
  cause?: LoggedError;
}

/** The maximum number of causes, since a chain of causes may be circular. */
const DEPTH = 5;

/**
 * Describes an error without values of callers. Drizzle puts the parameters of a query into its message, among them password
 * hashes. PostgreSQL's `detail` quotes rows.
 */
export function describeError(error: unknown, depth = DEPTH): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an Error' };
  const stack = error.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  const code = textOf(error, 'code');
  const constraint = textOf(error, 'constraint_name');
  return {
    type: error.name,
    // A wrapping error may repeat the message of a Drizzle error, so every message is cleaned.
    message: error.message.replace(/\nparams: [^]*/, ''),
    ...(code !== undefined && { code }),
    ...(constraint !== undefined && { constraint }),
    ...(stack && { stack: stack.join('\n') }),
    ...(error.cause !== undefined && depth > 0 && { cause: describeError(error.cause, depth - 1) }),
  };
}

function textOf(error: Error, key: string): string | undefined {
  const value: unknown = Reflect.get(error, key);
  return typeof value === 'string' ? value : undefined;
}
