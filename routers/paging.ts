import { and, desc, lt, type SQL } from 'drizzle-orm';
import type { PgColumn, PgSelect } from 'drizzle-orm/pg-core';

/**
 * Narrows the query of a list to one page: newest first, from after `cursor` on, and one row more than `limit`, by which
 * `toPage` knows whether there is a next page.
 * @param query made by `$dynamic()`
 * @param id the column that the list is in the order of: UUIDv7
 */
export function pageOf<Query extends PgSelect>(
  query: Query,
  id: PgColumn,
  { cursor, limit, where }: { cursor?: string | undefined; limit: number; where?: SQL | undefined },
): Query {
  const after = cursor === undefined ? undefined : lt(id, cursor);
  void query
    .where(and(where, after))
    .orderBy(desc(id))
    .limit(limit + 1);
  return query;
}
