import { is } from 'drizzle-orm';
import { getTableConfig, isPgEnum, PgTable } from 'drizzle-orm/pg-core';
import type { Scope, SetName } from '../migrations/sets.ts';

/** What a file of tables exports. */
export type Exported = Readonly<Record<string, unknown>>;

/** Tables of Atrium in a tenant's schema that are older than the rule of their names. */
const OLDER = new Set(['settings']);
const PREFIX = 'atrium_';

/**
 * Finds what would keep two sets from growing without each other: in a tenant's schema the tables and enums of Atrium, and
 * no others, begin with `atrium_`; a table refers to its own set and to those that run before it.
 * @param earlier the tables of the sets that run before this one, in the same scope
 * @returns one sentence each
 */
export function brokenRules(scope: Scope, set: SetName, own: Exported, earlier: Exported = {}): string[] {
  const within = new Set(tablesOf({ ...earlier, ...own }));
  const broken = namesOf(own).flatMap((name) => brokenName(scope, set, name));
  for (const table of tablesOf(own)) {
    const { name, foreignKeys } = getTableConfig(table);
    for (const key of foreignKeys) {
      const { foreignTable } = key.reference();
      if (within.has(foreignTable)) continue;
      broken.push(
        `The table ${name} refers to ${getTableConfig(foreignTable).name}: a table of the set ${set} may refer to ` +
          `exported tables of its own set, and of the sets of the same ${scope} that run before it.`,
      );
    }
  }
  return broken;
}

function brokenName(scope: Scope, set: SetName, name: string): string[] {
  if (set !== 'atrium') {
    return name.startsWith(PREFIX) ? [`${name}: names that begin with ${PREFIX} are kept for Atrium's own set.`] : [];
  }
  if (scope === 'lobby' || name.startsWith(PREFIX) || OLDER.has(name)) return [];
  return [`${name}: a table or enum of Atrium in a tenant's schema begins with ${PREFIX}, so that no product has it.`];
}

function tablesOf(exported: Exported): PgTable[] {
  return Object.values(exported).filter((value) => is(value, PgTable));
}

function namesOf(exported: Exported): string[] {
  return Object.values(exported).flatMap((value) => {
    if (is(value, PgTable)) return [getTableConfig(value).name];
    return isPgEnum(value) ? [value.enumName] : [];
  });
}
