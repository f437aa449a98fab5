import { macOfStart, startMatches } from '../../../core/audit/seal-macs.ts';
import type { SecretKeys } from '../../../core/secret-keys.ts';
import { isoOf } from '../canonical-row.ts';
import { sealAuditRows } from './seal-rounds.ts';
import { writeSystemAudit } from './write-system.ts';
import { startColumns, type SignedStart } from './trim.ts';
import { BatchError, type JobFailure } from '../../connection/batch.ts';
import type { Owner, OwnerTx } from '../../connection/owner/connect.ts';

/** How many months ahead partitions are created. */
const AHEAD = 12;

/** Creates the partitions of the next months. Repeatable. */
export async function makeAuditPartitions(owner: Owner): Promise<void> {
  await owner.begin(async (tx) => {
    await limitLocks(tx);
    await tx`select public.make_audit_partitions(${AHEAD})`;
  });
}

/**
 * Drops the months that ended more than `days` ago, and signs into each chain that older rows may be missing. Rows of these
 * months that wait for their seal are sealed first. A log that can't be sealed loses its old rows too: the partitions hold
 * the rows of all logs, so it would keep the rows of every other log.
 * @throws BatchError that names the logs that can't be sealed, after the months are dropped
 */
export async function dropAuditMonths(owner: Owner, keys: SecretKeys, days: number): Promise<void> {
  const failures = await sealDroppedMonths(owner, keys, days);
  await dropMonths(owner, keys, days);
  if (failures.length > 0) throw new BatchError('audit_months', failures);
}

/** @returns the logs that can't be sealed */
async function sealDroppedMonths(owner: Owner, keys: SecretKeys, days: number): Promise<JobFailure[]> {
  const failures = new Map<string, JobFailure>();
  for (;;) {
    const except = [...failures.keys()];
    const [due] = await owner<{ waiting: boolean }[]>`
      select exists (
        select from public.audit_unsealed
        where created_at < ${owner.unsafe(monthBefore(days))} and chain <> all(${except}::uuid[])) as waiting`;
    if (!due?.waiting) return [...failures.values()];
    // Each round seals the oldest rows first. Rows that another worker seals meanwhile are missing from the next round.
    const { failures: failed } = await sealAuditRows(owner, keys, { apart: true, except });
    for (const failure of failed) failures.set(failure.item, failure);
  }
}

/** @returns the beginning of the first month that is kept, in SQL */
function monthBefore(days: number): string {
  return `date_trunc('month', (now() - make_interval(days => ${Math.trunc(days)})) at time zone 'UTC') at time zone 'UTC'`;
}

async function dropMonths(owner: Owner, keys: SecretKeys, days: number): Promise<void> {
  await owner.begin(async (tx) => {
    await limitLocks(tx);
    const [due] = await tx<{ before: string; months: string[]; stray: boolean }[]>`
      select ${tx.unsafe(isoOf('d.before'))} as before, coalesce(p.months, '{}') as months,
        exists (select from public.audit_logs_default where created_at < d.before) as stray
      from (select ${tx.unsafe(monthBefore(days))} as before) d cross join lateral (
        select array_agg(c.relname::text) as months
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'public.audit_logs'::regclass
          and substring(pg_get_expr(c.relpartbound, c.oid) from $$TO \\('([^']+)'\\)$$)::timestamptz <= d.before
      ) p`;
    if (!due || (due.months.length === 0 && !due.stray)) return;
    await signDroppedBefore(tx, keys, due.before);
    // The slow statements come first, since all writers wait from the first drop on.
    await tx`delete from public.audit_logs_default where created_at < ${due.before}::text::timestamptz`;
    // Otherwise the next sealing would treat these rows as deleted by somebody.
    await tx`delete from public.audit_unsealed where created_at < ${due.before}::text::timestamptz`;
    for (const month of due.months) await tx`drop table public.${tx(month)}`;
    await writeSystemAudit(tx, {
      tenantId: null,
      action: 'audit.drop',
      entityType: 'audit_log',
      entityId: due.before,
      outcome: 'success',
    });
  });
}

/** Signs into every chain that rows older than this time may be missing. A chain whose start has a wrong MAC is skipped. */
async function signDroppedBefore(tx: OwnerTx, keys: SecretKeys, droppedBefore: string): Promise<void> {
  // Sealing locks the chains in the same order, so neither waits for the other in a deadlock.
  const starts = await tx<SignedStart[]>`select ${startColumns(tx)} from public.audit_chains order by chain for update`;
  const macs = starts
    .filter(({ mac, ...start }) => startMatches(keys, start, mac))
    .map((start) => ({ chain: start.chain, mac: macOfStart(keys, { ...start, droppedBefore }).toString('hex') }));
  await tx`
    update public.audit_chains c
    set dropped_before = ${droppedBefore}::text::timestamptz, start_mac = decode(s.mac, 'hex')
    from unnest(${macs.map(({ chain }) => chain)}::uuid[], ${macs.map(({ mac }) => mac)}::text[]) as s (chain, mac)
    where c.chain = s.chain`;
}

/**
 * Creating or dropping a partition locks all audit rows, and every writer queues behind a transaction that waits for this
 * lock. So the transaction fails soon and is retried.
 */
async function limitLocks(tx: OwnerTx): Promise<void> {
  await tx`select set_config('lock_timeout', '2s', true)`;
}
