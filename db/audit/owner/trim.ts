import type postgres from 'postgres';
import {
  endMatches,
  macOfEnd,
  macOfStart,
  sealMatches,
  startMatches,
  type ChainEnd,
  type ChainStart,
  type Link,
} from '../../../core/audit/seal-macs.ts';
import type { SecretKeys } from '../../../core/secret-keys.ts';
import { isoOf } from '../canonical-row.ts';
import { runBatch, type Job } from '../../connection/batch.ts';
import type { Owner, OwnerTx } from '../../connection/owner/connect.ts';

// Every start and end is verified before it is signed again. Otherwise a new MAC would hide a change to the chain.

/** How many seals are deleted at once. Verifying them takes half a second, and the chain is locked for a shorter time. */
const SEALS_AT_ONCE = 20_000;
/** How many chains are read at once to be signed again. */
const CHAINS_AT_ONCE = 1_000;

export type SignedStart = ChainStart & { mac: Buffer | null };

/** @returns the columns of a chain's start, in SQL */
export function startColumns(sql: Owner | OwnerTx): postgres.PendingQuery<postgres.Row[]> {
  return sql`chain, start_sequence::float8 as sequence, start_audit_id as "auditId", start_seal as seal, start_mac as mac,
    coalesce(${sql.unsafe(isoOf('dropped_before'))}, '') as "droppedBefore"`;
}

/**
 * Deletes the seals of dropped rows from the start of each chain, and moves the start after them: the checkpoint. It stops
 * at the first seal that is not valid or whose row still exists. Then it signs every start and end that a former key signed
 * with the current key, so that unused logs do not need the former key. A chain that fails does not stop the others.
 * @throws BatchError that names the chains that failed
 */
export async function trimAuditChains(owner: Owner, keys: SecretKeys): Promise<void> {
  const due = await owner<{ chain: string }[]>`
    select c.chain from public.audit_chains c
    cross join lateral (select audit_created_at from public.audit_seals where chain = c.chain order by sequence limit 1) first
    where first.audit_created_at < c.dropped_before`;
  await runBatch('audit_chains', jobs());

  async function* jobs(): AsyncGenerator<Job> {
    for (const { chain } of due) {
      yield {
        item: `checkpoint of ${chain}`,
        tenantId: chain,
        async work() {
          while (await trim(owner, keys, chain));
        },
      };
    }
    yield* signAgainJobs(owner, keys);
  }
}

/** @returns whether more seals may have to be deleted */
async function trim(owner: Owner, keys: SecretKeys, chain: string): Promise<boolean> {
  const [current] = await owner<
    SignedStart[]
  >`select ${startColumns(owner)} from public.audit_chains where chain = ${chain}`;
  if (!current?.mac || !startMatches(keys, current, current.mac)) return false;
  const start = await findNewStart(owner, keys, current);
  if (!start) return false;
  return await owner.begin(async (tx) => {
    const { count } = await tx`
      update public.audit_chains
      set start_sequence = ${start.sequence}, start_audit_id = ${start.auditId}, start_seal = ${start.seal},
        start_mac = ${macOfStart(keys, start)}
      where chain = ${chain} and start_mac = ${current.mac}`;
    // Another worker has moved the start meanwhile.
    if (count === 0) return true;
    await tx`delete from public.audit_seals where chain = ${chain} and sequence <= ${start.sequence}`;
    return start.sequence - current.sequence === SEALS_AT_ONCE;
  });
}

/** @returns the new start, after the first valid seals without a row and without a gap; `undefined` if there are none */
async function findNewStart(owner: Owner, keys: SecretKeys, current: ChainStart): Promise<ChainStart | undefined> {
  const seals = await owner<(Link & { seal: Buffer; gone: boolean })[]>`
    select s.chain, s.sequence::float8 as sequence, s.audit_id as "auditId", s.row_mac as "rowMac", s.seal,
      ${owner.unsafe(isoOf('s.audit_created_at'))} as "auditCreatedAt", ${owner.unsafe(isoOf('s.created_at'))} as "sealedAt",
      s.audit_created_at < ${current.droppedBefore}::text::timestamptz and a.id is null as gone
    from public.audit_seals s
    left join public.audit_logs a on a.id = s.audit_id and a.created_at = s.audit_created_at
    where s.chain = ${current.chain} and s.sequence > ${current.sequence} order by s.sequence limit ${SEALS_AT_ONCE}`;
  let last: ChainStart | undefined;
  for (const { seal, gone, ...link } of seals) {
    const { sequence, seal: before } = last ?? current;
    if (!gone || link.sequence !== sequence + 1 || !sealMatches(keys, link, before, seal)) break;
    last = {
      chain: current.chain,
      sequence: link.sequence,
      auditId: link.auditId,
      seal,
      droppedBefore: current.droppedBefore,
    };
  }
  return last;
}

type SignedChain = SignedStart & { endSequence: number; endId: string; endSeal: Buffer; endMac: Buffer };

async function* signAgainJobs(owner: Owner, keys: SecretKeys): AsyncGenerator<Job> {
  for (let after: string | null = null; ;) {
    const chains: SignedChain[] = await owner<SignedChain[]>`
      select ${startColumns(owner)}, sequence::float8 as "endSequence", audit_id as "endId", seal as "endSeal", end_mac as "endMac"
      from public.audit_chains where ${after}::uuid is null or chain > ${after}::uuid order by chain limit ${CHAINS_AT_ONCE}`;
    for (const { endSequence, endId, endSeal, endMac, mac, ...start } of chains) {
      const end: ChainEnd = { chain: start.chain, sequence: endSequence, auditId: endId, seal: endSeal };
      const newEnd = endMatches(keys, end, endMac) ? macOfEnd(keys, end) : endMac;
      const newStart = mac && startMatches(keys, start, mac) ? macOfStart(keys, start) : mac;
      if (newEnd.equals(endMac) && (newStart === mac || (mac && newStart?.equals(mac)))) continue;
      yield {
        item: `signature of ${start.chain}`,
        tenantId: start.chain,
        work: () => owner`
          update public.audit_chains set start_mac = ${newStart}, end_mac = ${newEnd}
          where chain = ${start.chain} and end_mac = ${endMac} and start_mac is not distinct from ${mac}`,
      };
    }
    after = chains.at(-1)?.chain ?? null;
    if (after === null) return;
  }
}
