import postgres from 'postgres';

/** The expected `atriumPatch` of the driver. A patch that changes behaviour gets the next number. */
const PATCH = 1;

/**
 * Checks that the installed postgres.js has the patch of docs/decisions/0010. Bun applies it; other package managers do not.
 * @param strict whether to throw instead of only warning
 * @throws Error in one line that says what is wrong and what to do, if the patch is missing and `strict`
 */
export function assertPatchedDriver(strict: boolean, warn: (message: string) => void): void {
  const problem = missingPatch(postgres);
  if (problem === undefined) return;
  if (strict) throw new Error(problem);
  warn(problem);
}

/** @returns what is wrong and what to do; undefined if the driver has the patch */
export function missingPatch(driver: object): string | undefined {
  if ('atriumPatch' in driver && driver.atriumPatch === PATCH) return undefined;
  return (
    `postgres.js lacks patch ${PATCH} of Atrium: ` +
    'a lost connection to PostgreSQL can end this process or mix two transactions. ' +
    'Install with `bun install`, or apply db/patches (see docs/decisions/0010-patched-driver.md).'
  );
}
