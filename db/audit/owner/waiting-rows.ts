import type { Owner } from '../../connection/owner/connect.ts';
import { steps } from '../../connection/owner/index-skip-scan.ts';
import { canonicalRow, isoOf } from '../canonical-row.ts';

/** The maximum number of logs in one round. */
const MAX_LOGS = 250;
/** The maximum bytes of rows in one round, besides one row of each log, to limit the memory of PostgreSQL and the worker. */
const MAX_BYTES = 8 * 1024 * 1024;

/** No chain reaches this sequence: 2 to the power of 52. */
const IMPOSSIBLE_SEQUENCE = 4_503_599_627_370_496;

/** A row that waits for its seal, and the end of its chain. */
export interface WaitingRow {
  chain: string;
  auditId: string;
  createdAt: string;
  sealedAt: string;
  /** `null` if the row was deleted before it could be sealed. */
  text: string | null;
  endSequence: number;
  endSeal: Buffer | null;
  endId: string | null;
  endMac: Buffer | null;
  /** Whether the row already has a seal, which Atrium did not make. */
  taken: boolean;
  /** The id of the transaction that wrote the row; `null` if the row was deleted. */
  xid: string | null;
  nextXid: string;
}

/** @returns the logs with waiting rows, in the order of their ids: first those after `after`, then the others */
export async function waitingLogs(
  owner: Owner,
  except: readonly string[],
  after: string | undefined,
): Promise<{ chains: string[]; more: boolean }> {
  const rows = await owner<{ chain: string }[]>`
    ${steps(owner, { key: 'chain', from: 'public.audit_unsealed' })}
    select key as chain from steps where key is not null and key <> all(${[...except]}::uuid[])
    order by key <= ${after ?? null}::uuid, key limit ${MAX_LOGS + 1}`;
  return { chains: rows.slice(0, MAX_LOGS).map(({ chain }) => chain), more: rows.length > MAX_LOGS };
}

/** @returns the oldest waiting rows of each log, at most `share` of each; if they are `full`, more rows likely wait */
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
      -- Ordered by place, so that the large rows of one log do not use up the bytes of the others.
      select *, sum(bytes) over (order by place, chain) as total from sized
    ), u as materialized (
      select * from summed where place = 1 or total <= ${MAX_BYTES}
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
    -- Workers lock chains in this order, so they never wait for each other in a deadlock.
    order by u.chain, u.created_at, u.audit_id`;
  return { waiting, full: waiting[0]?.full ?? false };
}

/**
 * @param chain the chain's id, in SQL; the chain's row is `c`
 * @returns the last sequence in a chain, in SQL. Forged sequences that no chain reaches are ignored, since they would leave
 *   no sequence for later rows.
 */
function lastPlace(chain: string): string {
  return `greatest(0, case when c.sequence < ${IMPOSSIBLE_SEQUENCE} then c.sequence end, (
    select max(s.sequence) from public.audit_seals s where s.chain = ${chain} and s.sequence < ${IMPOSSIBLE_SEQUENCE}))::float8`;
}
