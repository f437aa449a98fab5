import { createHash } from 'node:crypto';
import { readSets, type MigrationSet, type SetName } from '../../db/migrations/sets.ts';

/**
 * @returns the sets of tenants with the first migration of each only: these tests pass in a clone to which a team has added
 * migrations
 */
export function firstSets(): MigrationSet[] {
  return readSets('tenant').map(({ name, folder, migrations }) => ({
    name,
    folder,
    migrations: migrations.slice(0, 1),
  }));
}

/** @returns the sets with one more migration at the end of one of them, which is added if it does not exist */
export function withMigration(sets: readonly MigrationSet[], name: SetName, sql: string): MigrationSet[] {
  const { folder, migrations } = sets.find((set) => set.name === name) ?? { folder: `made-up/${name}`, migrations: [] };
  const version = migrations.length + 1;
  const next = { version, file: `${folder}/made-up-${version}.sql`, hash: hashOf(sql), sql };
  return [...sets.filter((set) => set.name !== name), { name, folder, migrations: [...migrations, next] }].toSorted(
    (one, other) => ORDER.indexOf(placeOf(one.name)) - ORDER.indexOf(placeOf(other.name)),
  );
}

/** @returns the sets with an edited first migration in one of them */
export function withEdited(sets: readonly MigrationSet[], name: SetName): MigrationSet[] {
  return sets.map((set) => {
    const [first, ...others] = set.migrations;
    if (set.name !== name || !first) return set;
    return { ...set, migrations: [{ ...first, hash: hashOf(`${first.sql} -- edited`) }, ...others] };
  });
}

/** @returns the hash that drizzle-orm computes for a file */
export function hashOf(sql: string): string {
  return createHash('sha256').update(sql).digest('hex');
}

const ORDER = ['atrium', 'product', 'extension'];

function placeOf(name: SetName): string {
  return name.startsWith('extension:') ? 'extension' : name;
}
