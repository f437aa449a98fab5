import { is } from 'drizzle-orm';
import { getTableConfig, isPgEnum, PgTable } from 'drizzle-orm/pg-core';
import type { Scope, SetName } from '../migrations/sets.ts';

/** The exports of a file of tables. */
export type Exported = Readonly<Record<string, unknown>>;

/** Atrium's tables in a tenant's schema that are older than the naming rule. */
const OLDER = new Set(['settings']);
const PREFIX = 'atrium_';

/**
 * Checks the rules that keep sets independent of each other. In a tenant's schema, the names of Atrium's tables and enums
 * begin with `atrium_`, and no other names do. A table may only refer to tables of its own set and of earlier sets.
 * @param earlier the tables of the sets that run before this one, in the same scope
 * @returns one sentence for each broken rule
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
