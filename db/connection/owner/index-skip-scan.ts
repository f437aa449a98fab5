import type postgres from 'postgres';
import type { Owner, OwnerTx } from './connect.ts';

/**
 * A `with recursive steps (key)`: the values that rows have of a key, in their order, and null at the end. It steps from one
 * value to the next by an index on the key, so it costs as much as there are values, however many rows have each.
 * @param rows.key the key, in SQL, as its index has it
 * @param rows.from the table, in SQL
 * @param rows.where which of its rows, in SQL, as the index has it
 * @param rows.after begins behind this value
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
