import type postgres from 'postgres';
import type { Owner, OwnerTx } from './connect.ts';

/**
 * A `with recursive steps (key)` that lists the different values of a key in ascending order, and null at the end. It steps
 * from one value to the next by an index on the key. So its cost grows with the number of values, not of rows.
 * @param rows.key the key, in SQL, as the index defines it
 * @param rows.from the table, in SQL
 * @param rows.where the condition of the rows, in SQL, as the index defines it
 * @param rows.after lists only the values after this one
 */
export function steps(
  sql: Owner | OwnerTx,
  rows: { key: string; from: string; where?: string; after?: string | undefined },
): postgres.PendingQuery<postgres.Row[]> {
  const { from, where = 'true', after = null } = rows;
  const key = sql.unsafe(rows.key);
  const some = sql.unsafe(`${from} where ${where}`);
  return sql`
    with recursive steps (key) as (
      (select ${key} from ${some} and (${after}::uuid is null or ${key} > ${after}::uuid) order by 1 limit 1)
      union all
      select (select ${key} from ${some} and ${key} > steps.key order by 1 limit 1) from steps where steps.key is not null)`;
}
