import postgres from 'postgres';
import { AppError, findCause } from '../core/errors.ts';

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
  return `The database is out of reach: ${cause?.message ?? 'no reason told'}`;
}

/** What is told of a database that can't be reached. */
export function unreachable(cause: unknown): AppError {
  return new AppError('OVERLOADED', 'The database is out of reach: try again shortly.', { retryAfter: 2 }, cause);
}
