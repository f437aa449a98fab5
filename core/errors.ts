/** What an error of Atrium may carry beyond its reason: shown to the caller, so never a secret, SQL, or a stack. */
export interface ErrorDetails {
  /** Input problems, one per field. */
  issues?: Issue[];
  /** Seconds after which trying again may help; becomes `Retry-After`. */
  retryAfter?: number;
  /** zxcvbn's verdict on a refused password. */
  password?: { score: number; warning: string | null; suggestions: string[] };
}

export interface Issue {
  /** Where in the input, as in `["steps", 0, "name"]`; empty for the input as a whole. */
  path: (string | number)[];
  message: string;
}

/** Every reason a call can be refused for, with its HTTP status. The contract's table, and its only copy. */
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
 * A refusal with a name. It knows no transport: the routers turn it into a tRPC error, the server into
 * RFC 9457 problem details.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly reason: Reason;
  readonly details: ErrorDetails;

  /** @param message what is wrong and what to do, for the caller's eyes */
  constructor(reason: Reason, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
    this.details = details;
  }

  get status(): number {
    return STATUS_OF_REASON[this.reason];
  }
}

/** Walks the chain of causes from `error` down and returns the first that `match` accepts. */
export function findCause<T>(error: unknown, match: (cause: unknown) => cause is T): T | undefined {
  for (let cause = error; cause !== undefined && cause !== null;) {
    if (match(cause)) return cause;
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return undefined;
}

/**
 * The row that a lookup gave.
 * @param what names it for the caller, as in `There is no such project.`
 * @throws AppError `NOT_FOUND` if there is none
 */
export function orNotFound<Row>(row: Row | undefined, what: string): Row {
  if (row === undefined) throw new AppError('NOT_FOUND', `There is no such ${what}.`);
  return row;
}

/** While a server shuts down: another one answers the next request. */
export function shuttingDown(): AppError {
  return new AppError('SHUTTING_DOWN', 'This server is shutting down; retry the request.', { retryAfter: 1 });
}
