// SQL that formats an audit row for sealing and verifying. The text is the same to the byte in every process and with all
// settings of a session.

/** @returns SQL that formats a time as ISO 8601 in UTC @param time a time, in SQL */
export function isoOf(time: string): string {
  return `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

/** The signed columns of a row, in order. A new column needs a new version of the format in core/audit/seal-macs.ts. */
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

/** @returns SQL for all signed columns of the row `alias` as one JSON array; the text of `jsonb` is canonical */
export function canonicalRow(alias: string): string {
  const values = SIGNED_COLUMNS.map((name) =>
    name === 'created_at' ? isoOf(`${alias}.created_at`) : `${alias}.${name}`,
  );
  return `jsonb_build_array(${values.join(', ')})::text`;
}
