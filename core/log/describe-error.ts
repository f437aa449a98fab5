/** An error as it stands in the log. */
export interface LoggedError {
  type: string;
  message: string;
  /** PostgreSQL's SQLSTATE, or a system error's name. */
  code?: string;
  constraint?: string;
  stack?: string;
  cause?: LoggedError;
}

/** Causes told at most: a chain that bites its tail has no end. */
const DEPTH = 5;

/**
 * Tells of an error what a maintainer needs, and no value of a caller's: Drizzle puts a query's parameters, password
 * hashes among them, into the message, and PostgreSQL's `detail` quotes rows.
 */
export function describeError(error: unknown, depth = DEPTH): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an Error' };
  const stack = error.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  const code = textOf(error, 'code');
  const constraint = textOf(error, 'constraint_name');
  return {
    type: error.name,
    // Whoever wraps such an error may have copied its words.
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
