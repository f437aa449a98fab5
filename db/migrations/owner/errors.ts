import type { Migration, MigrationSet } from '../sets.ts';

/** The migrations that a schema has recorded do not match the files. Nothing was changed. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

const RESET = 'In development, `bun run dev --reset` begins with an empty database instead.';

/** The file of an applied migration was changed. */
export function editedMigration(schema: string, { version, file }: Migration): MigrationError {
  return new MigrationError(
    `Migration ${version} of ${schema}, ${file}, was edited after it was applied. An applied migration must not change. ` +
      `Undo the edit, and write the change as a new migration (bun run db:generate). ${RESET}`,
  );
}

/** A migration was inserted before an applied one. */
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

/** No file has the hash of a migration that was applied before there were sets. */
export function unknownMigration(schema: string, version: number, sets: readonly MigrationSet[]): MigrationError {
  const product = sets.find(({ name }) => name === 'product')?.folder ?? 'product';
  return new MigrationError(
    `Migration ${version} of ${schema} was applied before migrations came in sets, and no file has its hash. ` +
      `Move each migration that your team wrote, unchanged, to ${product}/, and list it there in meta/_journal.json: ` +
      `see docs/architecture/migrations.md, "From one set to several". ${RESET}`,
  );
}
