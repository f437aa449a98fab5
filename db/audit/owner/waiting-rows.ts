import type { Owner } from '../../connection/owner/connect.ts';
import { steps } from '../../connection/owner/index-skip-scan.ts';
import { canonicalRow, isoOf } from '../canonical-row.ts';

/** Logs of which rows are read at once. */
const LOGS = 250;
/** Bytes of rows read at once, beside one row for each log: PostgreSQL's and the worker's memory bear several of these. */
const BYTES = 8 * 1024 * 1024;

/** Further than any log comes: 2 to the 52nd. */
const FAR = 4_503_599_627_370_496;

/** A row that waits for its seal, and where its chain ends. */
export interface WaitingRow {
  chain: string;
  auditId: string;
  createdAt: string;
  sealedAt: string;
  /** `null` where the row is gone before it could be sealed. */
  text: string | null;
  endSequence: number;
  endSeal: Buffer | null;
  endId: string | null;
  endMac: Buffer | null;
  /** Whether it has a seal, which then is none of ours. */
  taken: boolean;
  /** Of the transaction that wrote it; `null` as for `text`. */
  xid: string | null;
  nextXid: string;
}

/** The logs that have rows waiting, in the order of ids from `after` on. */
export async function waitingLogs(
  owner: Owner,
  except: readonly string[],
  after: string | undefined,
): Promise<{ chains: string[]; more: boolean }> {
  const rows = await owner<{ chain: string }[]>`
    ${steps(owner, { key: 'chain', from: 'public.audit_unsealed' })}
    select key as chain from steps where key is not null and key <> all(${[...except]}::uuid[])
    order by key <= ${after ?? null}::uuid, key limit ${LOGS + 1}`;
  return { chains: rows.slice(0, LOGS).map(({ chain }) => chain), more: rows.length > LOGS };
}

/** The oldest rows of each log that wait, at most `share` of each. When they are `full`, there are likely more. */
export async function readWaiting(
  owner: Owner,
  chains: readonly string[],
  share: number,
): Promise<{ waiting: WaitingRow[]; full: boolean }> {
  const waiting = await owner<(WaitingRow & { full: boolean })[]>`
    with turn as materialized (
      select u.*, u.place = ${share} as last
      from unnest(${[...chains]}::uuid[]) as t (chain)
      cross join lateral (
        select *, row_number() over (order by created_at, audit_id) as place
        from (select * from public.audit_unsealed
          where chain = t.chain order by created_at, audit_id limit ${share}) one) u
    ), sized as materialized (
      select turn.*, coalesce(octet_length(a.changes::text), 0) + coalesce(octet_length(a.user_agent), 0)
        + coalesce(octet_length(a.entity_id), 0) + coalesce(octet_length(a.entity_type), 0) + 500 as bytes
      from turn left join public.audit_logs a on a.id = turn.audit_id and a.created_at = turn.created_at
    ), summed as (
      -- In rounds of one row a log, so that large rows of one do not take the places of the others.
      select *, sum(bytes) over (order by place, chain) as total from sized
    ), u as materialized (
      select * from summed where place = 1 or total <= ${BYTES}
    )
    select u.chain, u.audit_id as "auditId", ${owner.unsafe(isoOf('u.created_at'))} as "createdAt",
      ${owner.unsafe(isoOf("date_trunc('milliseconds', now())"))} as "sealedAt",
      case when a.id is not null then ${owner.unsafe(canonicalRow('a'))} end as text,
      c.seal as "endSeal", c.audit_id as "endId", c.end_mac as "endMac",
      ${owner.unsafe(lastPlace('u.chain'))} as "endSequence",
      exists (select from public.audit_seals s where s.audit_id = u.audit_id and s.audit_created_at = u.created_at) as taken,
      a.xmin::text as xid, pg_snapshot_xmax(pg_current_snapshot())::text as "nextXid",
      (select bool_or(last) or count(*) > (select count(*) from u) from summed) as full
    from u
    left join public.audit_logs a on a.id = u.audit_id and a.created_at = u.created_at
    left join public.audit_chains c on c.chain = u.chain
    -- Chain by chain: many who write at once then wait for each other in one direction.
    order by u.chain, u.created_at, u.audit_id`;
  return { waiting, full: waiting[0]?.full ?? false };
}

/**
 * The last place that is taken in a chain, as a number, beside its row `c` if it has one. Places of no honest chain are passed
 * over: somebody has put them there to leave none behind them.
 * @param chain the chain's id, in SQL
 */
function lastPlace(chain: string): string {
  return `greatest(0, case when c.sequence < ${FAR} then c.sequence end, (
    select max(s.sequence) from public.audit_seals s where s.chain = ${chain} and s.sequence < ${FAR}))::float8`;
}
