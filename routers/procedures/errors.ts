import { TRPCError, type TRPC_ERROR_CODE_KEY } from '@trpc/server';
import { z } from 'zod';
import { AppError, findCause, STATUS_OF_REASON, type Issue, type Reason } from '../../core/errors.ts';

/** What both mounts tell of an error. */
export interface ErrorReport {
  reason: Reason;
  status: number;
  message: string;
  issues?: Issue[];
  /** zxcvbn's verdict, beside `PASSWORD_TOO_WEAK`. */
  password?: { score: number; warning: string | null; suggestions: string[] };
  /** Seconds. */
  retryAfter?: number;
}

/** All that is told of an error that nobody foresaw. */
export const INTERNAL_MESSAGE =
  'The server failed to process the request. Report the request id: it identifies the error in the server log.';

type Status = (typeof STATUS_OF_REASON)[Reason];

/** tRPC has no code for 410; the status beside it says so. */
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

/** The one place where Atrium's refusals become tRPC's. */
export function toTRPCError(error: AppError): TRPCError {
  const code = CODE_OF_STATUS[STATUS_OF_REASON[error.reason]];
  return new TRPCError({ code, message: error.message, cause: error });
}

/** Reads any error that tRPC reports: ours, its own, or an unexpected one, of which nothing is told. */
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

/** The reason of whatever was thrown. */
export function reasonOf(error: unknown): Reason {
  return findCause(error, (cause) => cause instanceof AppError)?.reason ?? 'INTERNAL';
}

function report(reason: Reason, message: string): ErrorReport {
  return { reason, status: STATUS_OF_REASON[reason], message };
}

/** Of what is wrong with an input so much is said: the first issues, and of each the first characters. It may name all that was sent. */
const SAID = { issues: 20, characters: 300 } as const;

function issuesOf(error: TRPCError): Issue[] {
  const invalid = findCause(error, (cause) => cause instanceof z.ZodError);
  if (!invalid) {
    // tRPC's own words for what it does not take, as a batch that is too large.
    // A parser's would quote the input.
    const malformed = error.code === 'PARSE_ERROR' || error.cause instanceof SyntaxError;
    return [{ path: [], message: malformed ? 'must be well-formed JSON' : error.message }];
  }
  return invalid.issues.slice(0, SAID.issues).map(({ path, message }) => ({
    path: path.map((key) => (typeof key === 'number' ? key : String(key))),
    message: message.length > SAID.characters ? `${message.slice(0, SAID.characters)} …` : message,
  }));
}
