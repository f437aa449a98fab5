import type { Migration, MigrationSet } from '../sets.ts';

/** What is recorded in a schema and the files of migrations don't fit each other. Nothing was changed. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

const RESET = 'In development, `bun run dev --reset` begins with an empty database instead.';

/** An applied migration does not say any more what it said then. */
export function editedMigration(schema: string, { version, file }: Migration): MigrationError {
  return new MigrationError(
    `Migration ${version} of ${schema}, ${file}, is not as it was applied: an applied migration must not change. ` +
      `Take the change back, and write it as a new migration (bun run db:generate). ${RESET}`,
  );
}

/** A migration was put before one that is applied already. */
export function skippedMigration(schema: string, { folder }: MigrationSet, { version, file }: Migration): MigrationError {
  return new MigrationError(
    `Migration ${version} of ${schema}, ${file}, is not applied, but a later one of its set is. ` +
      `Put its entry at the end of ${folder}/meta/_journal.json. ${RESET}`,
  );
}

/** The schema was migrated by a later release. */
export function newerSchema(schema: string, { name, migrations }: MigrationSet, version: number): MigrationError {
  return new MigrationError(
    `${schema} is at version ${version} of the set ${name}, newer than this code, which knows ${migrations.length}`,
  );
}

/** A migration from before there were sets has no file that says the same. */
export function unknownMigration(schema: string, version: number, sets: readonly MigrationSet[]): MigrationError {
  const product = sets.find(({ name }) => name === 'product')?.folder ?? 'product';
  return new MigrationError(
    `Migration ${version} of ${schema} was applied before migrations came in sets, and no file has its hash. ` +
      `Move each migration that your team wrote, unchanged, to ${product}/, and list it there in meta/_journal.json: ` +
      `see docs/architecture/migrations.md, "From one set to several". ${RESET}`,
  );
}
