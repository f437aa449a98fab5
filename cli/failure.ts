import { inspect } from 'node:util';
import { EnvError } from '../core/env/index.ts';
import { tellDatabaseError } from '../db/connection/errors.ts';
import { MigrationError } from '../db/migrations/owner/errors.ts';

/** The command was called wrongly, or its input does not fit. The message is for the user of the command. */
export class UsageError extends Error {}

/** Prints why a command failed, and makes the process exit with 1. */
export function tellFailure(error: unknown): void {
  console.error(messageFor(error));
  process.exitCode = 1;
}

/** Errors whose message is enough; no stack is printed. */
const TOLD = [EnvError, UsageError, MigrationError];

/** @returns the message of a known error, or an unknown error with its stack */
export function messageFor(error: unknown): string {
  if (error instanceof Error && TOLD.some((kind) => error instanceof kind)) return error.message;
  return tellDatabaseError(error) ?? (error instanceof Error ? inspect(error) : String(error));
}
