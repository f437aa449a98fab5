import { TRPCError, type TRPC_ERROR_CODE_KEY } from '@trpc/server';
import { z } from 'zod';
import { AppError, findCause, STATUS_OF_REASON, type Issue, type Reason } from '../../core/errors.ts';

/** The parts of an error that tRPC and REST send to the client. */
export interface ErrorReport {
  reason: Reason;
  status: number;
  message: string;
  issues?: Issue[];
  /** The result of zxcvbn, set for `PASSWORD_TOO_WEAK`. */
  password?: { score: number; warning: string | null; suggestions: string[] };
  /** When to retry, in seconds from now. */
  retryAfter?: number;
}

/** The message of every unexpected error. It reveals no details. */
export const INTERNAL_MESSAGE =
  'The server failed to process the request. Report the request id: it identifies the error in the server log.';

type Status = (typeof STATUS_OF_REASON)[Reason];

/** tRPC has no code for 410, so it uses the code of 404. The client still receives the status 410. */
const CODE_OF_STATUS = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_SUPPORTED',
  409: 'CONFLICT',
  410: 'NOT_FOUND',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  422: 'UNPROCESSABLE_CONTENT',
  429: 'TOO_MANY_REQUESTS',
  500: 'INTERNAL_SERVER_ERROR',
  503: 'SERVICE_UNAVAILABLE',
} as const satisfies Record<Status, TRPC_ERROR_CODE_KEY>;

/** Converts an `AppError` to a `TRPCError`. No other code does this. */
export function toTRPCError(error: AppError): TRPCError {
  const code = CODE_OF_STATUS[STATUS_OF_REASON[error.reason]];
  return new TRPCError({ code, message: error.message, cause: error });
}

/** Reads any error that tRPC reports: an `AppError`, an error of tRPC itself, or an unexpected one. */
export function reportOf(error: TRPCError): ErrorReport {
  const ours = findCause(error, (cause) => cause instanceof AppError);
  if (ours) {
    const { issues, password, retryAfter } = ours.details;
    return {
      ...report(ours.reason, ours.message),
      ...(issues && { issues }),
      ...(password && { password }),
      ...(retryAfter !== undefined && { retryAfter }),
    };
  }
  switch (error.code) {
    case 'BAD_REQUEST':
    case 'PARSE_ERROR': {
      const issues = issuesOf(error);
      return { ...report('VALIDATION_FAILED', 'The input is not valid. See issues for details.'), issues };
    }
    case 'NOT_FOUND':
      return report('NOT_FOUND', 'There is no such procedure.');
    case 'METHOD_NOT_SUPPORTED':
      return report('METHOD_NOT_SUPPORTED', 'Call queries with GET and mutations with POST.');
    case 'UNSUPPORTED_MEDIA_TYPE':
      return report(
        'UNSUPPORTED_MEDIA_TYPE',
        'The body is not JSON. Send JSON with the header Content-Type: application/json.',
      );
    case 'PAYLOAD_TOO_LARGE':
      return report('PAYLOAD_TOO_LARGE', 'The request body is larger than 1 MiB. Send a smaller one.');
    default:
      return report('INTERNAL', INTERNAL_MESSAGE);
  }
}

/** Returns the reason of any thrown value; `INTERNAL` if it is no `AppError`. */
export function reasonOf(error: unknown): Reason {
  return findCause(error, (cause) => cause instanceof AppError)?.reason ?? 'INTERNAL';
}

function report(reason: Reason, message: string): ErrorReport {
  return { reason, status: STATUS_OF_REASON[reason], message };
}

/** How many issues an error lists, and how long each message is, in characters. Both could be as large as the input. */
const SHOWN = { issues: 20, characters: 300 } as const;

function issuesOf(error: TRPCError): Issue[] {
  const invalid = findCause(error, (cause) => cause instanceof z.ZodError);
  if (!invalid) {
    // tRPC's own message is shown, for example for a batch that is too large. A JSON parser's message is not shown,
    // because it would quote the input.
    const malformed = error.code === 'PARSE_ERROR' || error.cause instanceof SyntaxError;
    return [{ path: [], message: malformed ? 'must be well-formed JSON' : error.message }];
  }
  return invalid.issues.slice(0, SHOWN.issues).map(({ path, message }) => ({
    path: path.map((key) => (typeof key === 'number' ? key : String(key))),
    message: message.length > SHOWN.characters ? `${message.slice(0, SHOWN.characters)} …` : message,
  }));
}
