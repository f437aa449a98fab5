import type { Changes } from '../tables/lobby.ts';

/** @returns the fields that differ, each as `[before, after]`; a missing field is `null` */
export function changesBetween(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Changes {
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]);
  return Object.fromEntries(
    Array.from(fields, (field): [string, [unknown, unknown]] => [
      field,
      [before[field] ?? null, after[field] ?? null],
    ]).filter(([, [old, current]]) => JSON.stringify(old) !== JSON.stringify(current)),
  );
}
