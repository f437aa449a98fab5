import postgres from 'postgres';
import { AppError, findCause } from '../../core/errors.ts';

/** The PostgreSQL error in the chain of causes, if there is one: Drizzle wraps it. */
export function postgresError(error: unknown): postgres.PostgresError | undefined {
  return findCause(error, (cause) => cause instanceof postgres.PostgresError);
}

/** Whether `error` is the violation of the unique constraint or index `name`. */
export function violatesUnique(error: unknown, name: string): boolean {
  const cause = postgresError(error);
  return cause?.code === '23505' && cause.constraint_name === name;
}

/**
 * Whether the same transaction may pass at a second try: after a serialization failure or a deadlock, or where a
 * prepared statement met a table that a migration has changed (0A000; postgres.js prepares it anew then).
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
  // PostgreSQL's own: too many connections, shutting down, crashed, starting up.
  '53300',
  '57P01',
  '57P02',
  '57P03',
]);

/** Whether PostgreSQL could not be reached, or went away: nothing is wrong with the statement. */
export function isConnectionError(error: unknown): boolean {
  return (
    findCause(error, (cause): cause is Error => {
      const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
      return typeof code === 'string' && CONNECTION_CODES.has(code);
    }) !== undefined
  );
}

/** Whether an error is what is told of that already. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof AppError && error.reason === 'OVERLOADED';
}

/** Why a command could not work with the database, for whoever typed it; `undefined` where it is no matter of the database's. */
export function tellDatabaseError(error: unknown): string | undefined {
  const refusal = postgresError(error);
  if (refusal) return `PostgreSQL refuses: ${refusal.message} (${refusal.code})`;
  if (!isConnectionError(error)) return undefined;
  const cause = findCause(error, (one): one is Error => one instanceof Error && 'code' in one);
  return `The database is unreachable: ${cause?.message ?? 'unknown reason'}`;
}

/** What is told of a database that can't be reached. */
export function unreachable(cause: unknown): AppError {
  return new AppError(
    'OVERLOADED',
    'The database is unreachable. Retry the request in a moment.',
    { retryAfter: 2 },
    cause,
  );
}

/** A refusal that PostgreSQL made and no procedure foresaw. Its cause has the constraint's name, for the log. */
export class DatabaseRefusal extends AppError {}

/** Values that a column can't hold, among PostgreSQL's data exceptions: the others are faults of a statement. */
const BAD_VALUES = new Set([
  '22001', // too long
  '22003', // out of range
  '22007', // no date or time
  '22008', // a time out of range
  '22021', // a character that the encoding lacks, as NUL
  '22026', // of another length
  '22032', // no JSON
  '22P02', // no number, UUID, or value of an enum
  '22P05', // not to be translated
]);

/** Tables that the server alone fills, beside what a caller sends: what they refuse is no caller's fault. */
const OWN_RECORDS = /^(audit_|outbox$)/;

/**
 * What a caller is told where a constraint or a column's type refused what a procedure sent. Nothing of the row, and no name of
 * a table, is in it.
 * @returns nothing for other errors, and for those that a procedure has answered itself
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
      // The two ways to break one differ in the message alone. In another language than English both are a conflict.
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
