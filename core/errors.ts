/** Details of an error besides its reason. The caller sees them, so they never hold a secret, SQL or a stack trace. */
export interface ErrorDetails {
  /** The problems of the input. */
  issues?: Issue[];
  /** After how many seconds a retry may succeed. It becomes `Retry-After`. */
  retryAfter?: number;
  /** The result of zxcvbn for a password that was refused. */
  password?: { score: number; warning: string | null; suggestions: string[] };
}

export interface Issue {
  /** The path in the input, such as `["steps", 0, "name"]`. It is empty for the input as a whole. */
  path: (string | number)[];
  message: string;
}

/** Every reason for which a call can be refused, with its HTTP status. It is the only list of them in the code. */
export const STATUS_OF_REASON = {
  VALIDATION_FAILED: 400,
  TENANT_REQUIRED: 400,
  TOKEN_INVALID: 400,
  UNAUTHENTICATED: 401,
  INVALID_CREDENTIALS: 401,
  REFRESH_REUSED: 401,
  EMAIL_NOT_VERIFIED: 403,
  FORBIDDEN: 403,
  READ_ONLY_IDENTITY: 403,
  TENANT_MISMATCH: 403,
  TENANT_SUSPENDED: 403,
  TENANT_NOT_FOUND: 404,
  NOT_FOUND: 404,
  METHOD_NOT_SUPPORTED: 405,
  SLUG_TAKEN: 409,
  CONFLICT: 409,
  LAST_ADMIN: 409,
  ALREADY_MEMBER: 409,
  TENANT_DELETED: 410,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  PASSWORD_TOO_WEAK: 422,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  TENANT_NOT_READY: 503,
  TENANT_MIGRATING: 503,
  OVERLOADED: 503,
  SHUTTING_DOWN: 503,
} as const;

export type Reason = keyof typeof STATUS_OF_REASON;

/**
 * A refusal with a reason. It depends on no transport: the routers turn it into a tRPC error, and the server into the
 * problem details of RFC 9457.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly reason: Reason;
  readonly details: ErrorDetails;

  /** @param message tells the caller what is wrong and what to do */
  constructor(reason: Reason, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
    this.details = details;
  }

  get status(): number {
    return STATUS_OF_REASON[this.reason];
  }
}

/** @returns the first error in the chain of causes, `error` included, that `match` accepts; `undefined` if none */
export function findCause<T>(error: unknown, match: (cause: unknown) => cause is T): T | undefined {
  for (let cause = error; cause !== undefined && cause !== null;) {
    if (match(cause)) return cause;
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return undefined;
}

/**
 * @param row the result of a lookup
 * @param what names the row in the message, as in `There is no such project.`
 * @returns the row
 * @throws AppError `NOT_FOUND` if there is no row
 */
export function orNotFound<Row>(row: Row | undefined, what: string): Row {
  if (row === undefined) throw new AppError('NOT_FOUND', `There is no such ${what}.`);
  return row;
}

/** The error of a server that shuts down. Another server answers the retry. */
export function shuttingDown(): AppError {
  return new AppError('SHUTTING_DOWN', 'This server is shutting down; retry the request.', { retryAfter: 1 });
}
