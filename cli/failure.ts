import { inspect } from 'node:util';
import { EnvError } from '../core/env/index.ts';
import { tellDatabaseError } from '../db/connection/errors.ts';
import { MigrationError } from '../db/migrations/owner/errors.ts';

/** What went wrong, in words for the one who typed the command. */
export class UsageError extends Error {}

/** Says why a command failed, and has it end with 1. */
export function tellFailure(error: unknown): void {
  console.error(messageFor(error));
  process.exitCode = 1;
}

/** Errors whose message is all that is to be said. */
const TOLD = [EnvError, UsageError, MigrationError];

/** What went wrong, in words where there are any; an error that nobody foresaw comes as it is, with its stack. */
export function messageFor(error: unknown): string {
  if (error instanceof Error && TOLD.some((kind) => error instanceof kind)) return error.message;
  return tellDatabaseError(error) ?? (error instanceof Error ? inspect(error) : String(error));
}
