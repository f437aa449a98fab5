import postgres from 'postgres';
import { AppError, findCause } from '../../core/errors.ts';

/** @returns the PostgreSQL error in the chain of causes, if there is one; Drizzle wraps it */
export function postgresError(error: unknown): postgres.PostgresError | undefined {
  return findCause(error, (cause) => cause instanceof postgres.PostgresError);
}

/** Whether `error` is a violation of the unique constraint or index `name`. */
export function violatesUnique(error: unknown, name: string): boolean {
  const cause = postgresError(error);
  return cause?.code === '23505' && cause.constraint_name === name;
}

/**
 * Whether a retry of the transaction may succeed: after a serialization failure, a deadlock, or a prepared statement for a
 * table that a migration has changed (0A000). postgres.js prepares the statement again.
 */
export function isRetryable(error: unknown): boolean {
  const code = postgresError(error)?.code;
  return code === '40001' || code === '40P01' || code === '0A000';
}

const CONNECTION_CODES = new Set([
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  // SQLSTATEs: too many connections, shutting down, crashed, starting up.
  '53300',
  '57P01',
  '57P02',
  '57P03',
]);

/** Whether the error is that PostgreSQL is unreachable or that the connection was lost. */
export function isConnectionError(error: unknown): boolean {
  return (
    findCause(error, (cause): cause is Error => {
      const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
      return typeof code === 'string' && CONNECTION_CODES.has(code);
    }) !== undefined
  );
}

/** Whether the error was already converted to `OVERLOADED`. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof AppError && error.reason === 'OVERLOADED';
}

/** @returns a message for the user of a command about an error of the database; `undefined` for other errors */
export function tellDatabaseError(error: unknown): string | undefined {
  const refusal = postgresError(error);
  if (refusal) return `PostgreSQL refuses: ${refusal.message} (${refusal.code})`;
  if (!isConnectionError(error)) return undefined;
  const cause = findCause(error, (one): one is Error => one instanceof Error && 'code' in one);
  return `The database is unreachable: ${cause?.message ?? 'unknown reason'}`;
}

/** The error for callers if the database is unreachable. */
export function unreachable(cause: unknown): AppError {
  return new AppError(
    'OVERLOADED',
    'The database is unreachable. Retry the request in a moment.',
    { retryAfter: 2 },
    cause,
  );
}

/** A refusal by PostgreSQL that the procedure did not handle. Its cause has the name of the constraint, for the log. */
export class DatabaseRefusal extends AppError {}

/** Data exceptions of PostgreSQL (SQLSTATE class 22) for values that a column can't hold. Others are bugs of a statement. */
const BAD_VALUES = new Set([
  '22001', // too long
  '22003', // out of range
  '22007', // not a date or time
  '22008', // a time out of range
  '22021', // a character that the encoding does not have, such as NUL
  '22026', // wrong length
  '22032', // invalid JSON
  '22P02', // not a number, UUID or value of an enum
  '22P05', // a character that can't be converted
]);

/** Tables that callers do not write to directly. If such a table refuses a row, it is not the caller's fault. */
const OWN_RECORDS = /^(audit_|outbox$)/;

/**
 * Converts the violation of a constraint or of a column's type to an error for the caller. It contains neither values of the
 * row nor names of tables.
 * @returns `undefined` for other errors, and for those that a procedure has converted itself
 */
export function databaseRefusal(error: unknown): DatabaseRefusal | undefined {
  const cause = postgresError(error);
  if (!cause || findCause(error, (one) => one instanceof AppError)) return undefined;
  if (cause.schema_name === 'public' && OWN_RECORDS.test(cause.table_name ?? '')) return undefined;
  const conflict = (message: string) => new DatabaseRefusal('CONFLICT', message, {}, error);
  const invalid = (message: string) =>
    new DatabaseRefusal(
      'VALIDATION_FAILED',
      'The input is not valid. See issues for details.',
      { issues: [{ path: [], message }] },
      error,
    );
  switch (cause.code) {
    case '23505': // unique
    case '23P01': // exclusion
      return conflict('An entry with these values already exists.');
    case '23503': // foreign key
      // Only the message tells whether a row refers to a missing one. If it is not in English, the result is a conflict.
      return cause.message.startsWith('insert or update')
        ? invalid('must refer to something that exists')
        : conflict('Another entry refers to this one.');
    case '23001': // foreign key with RESTRICT
      return conflict('Another entry refers to this one.');
    case '23502': // not null
      return invalid('must not omit or empty a required value');
    case '23514': // check
    case '44000': // check of a view
      return invalid('must satisfy the constraints of the database');
    default:
      return BAD_VALUES.has(cause.code) ? invalid('must contain only values that the database can store') : undefined;
  }
}
