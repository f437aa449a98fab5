import { sql } from 'drizzle-orm';
import { PLATFORM_CHAIN, type ChainEnd, type ChainStart, type Link } from '../../core/audit/seal-macs.ts';
import { canonicalRow, isoOf } from './canonical-row.ts';
import type { Tx } from '../connection/lane.ts';
import { readByIndex } from '../connection/plans.ts';

/** How many seals are read at once with their rows, which takes some 100 ms. */
export const SEALS_AT_ONCE = 2_000;

/** The stored start and end of a chain, which are not verified yet. */
export interface ChainBounds {
  start: ChainStart;
  startMac: Buffer | null;
  end: ChainEnd;
  endMac: Buffer;
}

/** @returns the start and end of a chain; `undefined` if the log has no seal yet */
export async function readBounds(tx: Tx, chain: string): Promise<ChainBounds | undefined> {
  const [row] = await tx.execute<{
    sequence: number;
    audit_id: string;
    seal: Buffer;
    end_mac: Buffer;
    start_sequence: number;
    start_audit_id: string | null;
    start_seal: Buffer | null;
    dropped_before: string | null;
    start_mac: Buffer | null;
  }>(sql`
    select sequence::float8 as sequence, audit_id, seal, end_mac, start_sequence::float8 as start_sequence,
      start_audit_id, start_seal, ${sql.raw(isoOf('dropped_before'))} as dropped_before, start_mac
    from public.audit_chains where chain = ${chain}`);
  if (!row) return undefined;
  return {
    end: { chain, sequence: row.sequence, auditId: row.audit_id, seal: row.seal },
    endMac: row.end_mac,
    start: {
      chain,
      sequence: row.start_sequence,
      auditId: row.start_audit_id,
      seal: row.start_seal,
      droppedBefore: row.dropped_before ?? '',
    },
    startMac: row.start_mac,
  };
}

/** @returns the next seals after a sequence, each with the text of its row; `null` if the row is missing */
export async function readSeals(
  tx: Tx,
  chain: string,
  after: number,
): Promise<(Link & { seal: Buffer; text: string | null })[]> {
  await readByIndex(tx);
  const rows = await tx.execute<{
    sequence: number;
    audit_id: string;
    written: string;
    sealed: string;
    row_mac: Buffer;
    seal: Buffer;
    text: string | null;
  }>(sql`
    select s.sequence::float8 as sequence, s.audit_id, ${sql.raw(isoOf('s.audit_created_at'))} as written,
      ${sql.raw(isoOf('s.created_at'))} as sealed, s.row_mac, s.seal,
      case when a.id is not null then ${sql.raw(canonicalRow('a'))} end as text
    from (
      select * from public.audit_seals where chain = ${chain} and sequence > ${after} order by sequence limit ${SEALS_AT_ONCE}
    ) s
    left join public.audit_logs a on a.id = s.audit_id and a.created_at = s.audit_created_at
    order by s.sequence`);
  return rows.map((row) => ({
    chain,
    sequence: row.sequence,
    auditId: row.audit_id,
    auditCreatedAt: row.written,
    sealedAt: row.sealed,
    rowMac: row.row_mac,
    seal: row.seal,
    text: row.text,
  }));
}

/** A log that should exist: the platform's, a tenant's, or one whose tenant was deleted. */
export interface KnownLog {
  /** `null` for the platform's log. */
  tenantId: string | null;
  slug: string | null;
  /** Whether it ever had a row. Every log must have had one, except the platform's. */
  begun: boolean;
}

/** @param tx a transaction that is not restricted to one tenant @returns the logs of the platform and of all tenants */
export async function listLogs(tx: Tx): Promise<KnownLog[]> {
  const rows = await tx.execute<{ chain: string; slug: string | null; begun: boolean }>(sql`
    select l.chain, t.slug, l.chain = ${PLATFORM_CHAIN}::uuid
      or exists (select from public.audit_chains c where c.chain = l.chain)
      or exists (select from public.audit_logs a where a.tenant_id = l.chain) as begun
    from (
      select ${PLATFORM_CHAIN}::uuid as chain union select id from public.tenants where status = 'ready'
      union select chain from public.audit_chains
    ) l left join public.tenants t on t.id = l.chain
    order by t.slug nulls first, l.chain`);
  return rows.map(({ chain, slug, begun }) => ({ tenantId: chain === PLATFORM_CHAIN ? null : chain, slug, begun }));
}
