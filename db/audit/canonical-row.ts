// How the sealer and the verifier have PostgreSQL write a row of the log: the same text to the byte, whatever the
// session's settings and whichever process asks.

/** A time as ISO 8601 in UTC. */
export function isoOf(time: string): string {
  return `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

/** The columns of a row in the order in which they are signed. A new one goes into a new version of the form. */
export const SIGNED_COLUMNS = [
  'id',
  'tenant_id',
  'action',
  'entity_type',
  'entity_id',
  'actor_type',
  'actor_id',
  'operator_id',
  'outcome',
  'ip_address',
  'user_agent',
  'request_id',
  'changes',
  'created_at',
] as const;

/** All columns of the row `alias` as one JSON array: the text of `jsonb` is canonical. */
export function canonicalRow(alias: string): string {
  const values = SIGNED_COLUMNS.map((name) =>
    name === 'created_at' ? isoOf(`${alias}.created_at`) : `${alias}.${name}`,
  );
  return `jsonb_build_array(${values.join(', ')})::text`;
}
