import { macOfStart, startMatches } from '../../../core/audit/seal-macs.ts';
import type { SecretKeys } from '../../../core/secret-keys.ts';
import { isoOf } from '../canonical-row.ts';
import { sealAuditRows } from './seal-rounds.ts';
import { writeSystemAudit } from './write-system.ts';
import { startColumns, type SignedStart } from './trim.ts';
import { BatchError, type JobFailure } from '../../connection/batch.ts';
import type { Owner, OwnerTx } from '../../connection/owner/connect.ts';

/** Months that have their partition before they come. */
const AHEAD = 12;

/** Makes the partitions of the months to come. Repeatable. */
export async function makeAuditPartitions(owner: Owner): Promise<void> {
  await owner.begin(async (tx) => {
    await limitLocks(tx);
    await tx`select public.make_audit_partitions(${AHEAD})`;
  });
}

/**
 * Drops the months that ended more than `days` ago, and writes into each chain that rows of before may be gone. Rows of
 * these months that wait for their seal get it first. A log that can't be sealed loses its old rows like any other: it must
 * not keep everybody's.
 * @throws BatchError that names the logs that can't be sealed, once all else is done
 */
export async function dropAuditMonths(owner: Owner, keys: SecretKeys, days: number): Promise<void> {
  const failures = await sealDue(owner, keys, days);
  await dropDue(owner, keys, days);
  if (failures.length > 0) throw new BatchError('audit_months', failures);
}

/** @returns the logs that can't be sealed */
async function sealDue(owner: Owner, keys: SecretKeys, days: number): Promise<JobFailure[]> {
  const failures = new Map<string, JobFailure>();
  for (;;) {
    const except = [...failures.keys()];
    const [due] = await owner<{ waiting: boolean }[]>`
      select exists (
        select from public.audit_unsealed
        where created_at < ${owner.unsafe(monthBefore(days))} and chain <> all(${except}::uuid[])) as waiting`;
    if (!due?.waiting) return [...failures.values()];
    // The oldest come first. One that another worker seals meanwhile does not wait any more at the next look.
    const { failures: failed } = await sealAuditRows(owner, keys, { apart: true, except });
    for (const failure of failed) failures.set(failure.item, failure);
  }
}

/** The beginning of the first month that is kept, in SQL. */
function monthBefore(days: number): string {
  return `date_trunc('month', (now() - make_interval(days => ${Math.trunc(days)})) at time zone 'UTC') at time zone 'UTC'`;
}

async function dropDue(owner: Owner, keys: SecretKeys, days: number): Promise<void> {
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
    await admitGaps(tx, keys, due.before);
    // First what takes long: from the first drop on everyone else waits.
    await tx`delete from public.audit_logs_default where created_at < ${due.before}::text::timestamptz`;
    // A note that outlived its row would be sealed as a row that somebody took away.
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

/** Signs for every chain that rows of before this time may be gone. One whose start is not as it was signed stays as it is. */
async function admitGaps(tx: OwnerTx, keys: SecretKeys, droppedBefore: string): Promise<void> {
  // In the order in which who seals takes them.
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
 * Making or dropping a partition locks the whole log, and every writer queues behind the one who waits for that lock: rather
 * fail, and be tried again.
 */
async function limitLocks(tx: OwnerTx): Promise<void> {
  await tx`select set_config('lock_timeout', '2s', true)`;
}
