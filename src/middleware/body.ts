import { AppError } from '../../core/errors.ts';

/** Bodies at most, in bytes: 1 MiB. */
export const BODY_LIMIT = 1024 * 1024;

/** Whether an error says that a client went before all of its body had come. */
export function isBrokenOff(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** What such a client is told, and the log: it is none of our failures. */
export function brokenOff(cause: unknown): AppError {
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
