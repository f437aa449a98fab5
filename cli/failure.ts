import { EnvError } from '../core/env/index.ts';
import { tellDatabaseError } from '../db/errors.ts';

/** What went wrong, in words for the one who typed the command. */
export class UsageError extends Error {}

/** Says why a command failed, and has it end with 1. */
export function tellFailure(error: unknown): void {
  const told = error instanceof EnvError || error instanceof UsageError;
  console.error(told ? error.message : (tellDatabaseError(error) ?? error));
  process.exitCode = 1;
}
