import { and, desc, lt, type SQL } from 'drizzle-orm';
import type { PgColumn, PgSelect } from 'drizzle-orm/pg-core';

/**
 * Limits the query of a list to one page: newest first, starting after `cursor`. It reads one row more than `limit`, so that
 * `toPage` knows whether there is a next page.
 * @param query a query with `$dynamic()`
 * @param id the column to sort by; it holds UUIDv7, so its order is the order of creation
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
