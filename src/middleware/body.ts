import { AppError } from '../../core/errors.ts';

/** The largest request body, in bytes: 1 MiB. */
export const BODY_LIMIT = 1024 * 1024;

/** Whether an error means that the client disconnected before it sent the whole body. */
export function isAborted(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** The error for an incomplete body. It is the client's error (400), so it is not logged as a failure of the server. */
export function bodyAborted(cause: unknown): AppError {
  return new AppError(
    'VALIDATION_FAILED',
    'The connection closed before the whole body arrived. Retry the request.',
    {},
    cause,
  );
}

export function isJson(contentType: string | undefined): boolean {
  return /^application\/json\s*(;|$)/i.test(contentType ?? '');
}
