import { dropAuditMonths, makeAuditPartitions } from '../../db/audit/owner/retention.ts';
import { trimAuditChains } from '../../db/audit/owner/trim.ts';
import type { ScratchLog } from './scratch-log.ts';

const NOW = new Date();
/** A retention in days with which the fourth month before this one is dropped, and the third is kept. */
export const KEPT = Math.floor(
  (NOW.getTime() - Date.UTC(NOW.getUTCFullYear(), NOW.getUTCMonth() - 3, 15)) / 86_400_000,
);

/** @returns functions that write old rows to a log, and drop them when they are due */
export function oldMonths(log: ScratchLog) {
  const { owner, keys } = log;

  /** Creates the partition of a month. @param months from now, negative for the past @returns its first day */
  async function makeMonth(months: number): Promise<string> {
    const [row] = await owner<{ first: string; name: string; next: string }[]>`
      select m::text || '+00' as first, 'audit_logs_' || to_char(m, 'YYYY_MM') as name, (m + interval '1 month')::text || '+00' as next
      from (select date_trunc('month', now() at time zone 'UTC') + make_interval(months => ${months}) as m) months`;
    if (!row) throw new Error('No month');
    await owner.unsafe(`
      create table if not exists public.${row.name} partition of public.audit_logs
      for values from ('${row.first}') to ('${row.next}')`);
    return row.first;
  }

  /** Adds rows with a time in the past, and seals them. */
  async function writeAged(tenant: string | null, at: string, count: number): Promise<string[]> {
    const ids = await log.write(tenant, count, owner, at);
    await log.seal();
    return ids;
  }

  async function retain(by = keys): Promise<void> {
    await makeAuditPartitions(owner);
    await dropAuditMonths(owner, by, KEPT);
    await trimAuditChains(owner, by);
  }

  async function partitions(): Promise<string[]> {
    const rows = await owner<{ name: string }[]>`
      select 'public.' || c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where inhparent = 'public.audit_logs'::regclass order by 1`;
    return rows.map(({ name }) => name);
  }

  return { makeMonth, writeAged, retain, partitions };
}
