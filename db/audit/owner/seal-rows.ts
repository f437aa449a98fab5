import { endMatches, macOfEnd, macOfRow, sealOf, type ChainEnd, type Link } from '../../../core/audit/seal-macs.ts';
import type { SecretKeys } from '../../../core/secret-keys.ts';
import { postgresError } from '../../connection/errors.ts';
import type { Owner } from '../../connection/owner/connect.ts';
import type { WaitingRow } from './waiting-rows.ts';

/** A row that waits for its seal, and whether its time is older than its transaction. */
export type CheckedRow = WaitingRow & { backdated: boolean };

/**
 * Appends seals for rows to their chains, by one statement.
 * @returns `sealed`; `moved` if another worker sealed first; `taken` if a foreign seal has the place of one of these seals
 */
export async function appendSeals(
  owner: Owner,
  keys: SecretKeys,
  waiting: readonly CheckedRow[],
): Promise<'sealed' | 'moved' | 'taken'> {
  try {
    return (await append(owner, waiting, computeSeals(keys, waiting))) ? 'sealed' : 'moved';
  } catch (error) {
    const { code, constraint_name: constraint } = postgresError(error) ?? {};
    if (code === '23505' && constraint?.startsWith('audit_seals_')) return 'taken';
    throw error;
  }
}

type Sealed = Link & { seal: Buffer };
/** `before`: the MAC of the end that it replaces; `null` for a new chain. */
type SignedEnd = ChainEnd & { mac: Buffer; before: Buffer | null };

/** Computes the new seals and ends. Forged rows and seals are kept for the verifier, so they do not block other logs. */
function computeSeals(keys: SecretKeys, waiting: readonly CheckedRow[]): { links: Sealed[]; ends: SignedEnd[] } {
  const ends = new Map<string, ChainEnd & { before: Buffer | null }>();
  const links = waiting.flatMap((row): Sealed[] => {
    const { chain, auditId, createdAt, sealedAt, text, taken, backdated } = row;
    if (taken) return [];
    const end = ends.get(chain) ?? endOf(keys, row);
    // The seal of a row that was deleted before it was sealed, or is backdated, matches no row. So the verifier reports it.
    const rowMac = macOfRow(keys, backdated ? '' : (text ?? ''));
    const unsealed = { chain, sequence: end.sequence + 1, auditId, auditCreatedAt: createdAt, sealedAt, rowMac };
    const seal = sealOf(keys, unsealed, end.seal);
    ends.set(chain, { chain, sequence: unsealed.sequence, auditId, seal, before: row.endMac });
    return [{ ...unsealed, seal }];
  });
  return { links, ends: Array.from(ends.values(), (end) => ({ ...end, mac: macOfEnd(keys, end) })) };
}

/**
 * The end of a chain, to append to. After an end whose MAC is wrong, one sequence number is left out. Otherwise the MAC of
 * the next end would hide the forged end. The verifier reports the row after the gap.
 */
function endOf(keys: SecretKeys, { chain, endSequence: sequence, endSeal: seal, endId, endMac }: WaitingRow) {
  const isSigned =
    seal && endId && endMac ? endMatches(keys, { chain, sequence, auditId: endId, seal }, endMac) : sequence === 0;
  return { sequence: isSigned ? sequence : sequence + 1, seal };
}

/**
 * Writes all seals and ends by one statement, which locks the ends first. Bytes and times are sent as texts, since arrays of
 * them have no single format.
 * @returns `false` if the end of a chain has changed since it was read, and then nothing is written
 */
async function append(
  owner: Owner,
  waiting: readonly WaitingRow[],
  { links, ends }: { links: readonly Sealed[]; ends: readonly SignedEnd[] },
): Promise<boolean> {
  const [outcome] = await owner<{ moved: boolean }[]>`
    with bound as (
      select chain, sequence, audit_id, decode(seal, 'hex') as seal, decode(mac, 'hex') as mac, decode(before, 'hex') as before
      from unnest(${ends.map(({ chain }) => chain)}::uuid[], ${ends.map(({ sequence }) => sequence)}::bigint[],
        ${ends.map(({ auditId }) => auditId)}::uuid[], ${ends.map(({ seal }) => hex(seal))}::text[],
        ${ends.map((end) => hex(end.mac))}::text[], ${ends.map(({ before }) => before && hex(before))}::text[])
        as e (chain, sequence, audit_id, seal, mac, before)
    ), held as materialized (
      select chain, end_mac from public.audit_chains where chain in (select chain from bound) order by chain for update
    ), stale as materialized (
      select from bound left join held using (chain) where held.end_mac is distinct from bound.before
    ), sealed as (
      insert into public.audit_seals (chain, sequence, audit_id, audit_created_at, row_mac, seal, created_at)
      select chain, sequence, audit_id, audit_created_at, decode(row_mac, 'hex'), decode(seal, 'hex'), sealed_at
      from unnest(${links.map(({ chain }) => chain)}::uuid[], ${links.map(({ sequence }) => sequence)}::bigint[],
        ${links.map(({ auditId }) => auditId)}::uuid[], ${links.map((one) => one.auditCreatedAt)}::text[]::timestamptz[],
        ${links.map(({ rowMac }) => hex(rowMac))}::text[], ${links.map(({ seal }) => hex(seal))}::text[],
        ${links.map(({ sealedAt }) => sealedAt)}::text[]::timestamptz[])
        as l (chain, sequence, audit_id, audit_created_at, row_mac, seal, sealed_at)
      where not exists (select from stale)
    ), done as (
      delete from public.audit_unsealed u
      using unnest(${waiting.map(({ auditId }) => auditId)}::uuid[], ${waiting.map((row) => row.createdAt)}::text[]::timestamptz[])
        as w (audit_id, created_at)
      where u.audit_id = w.audit_id and u.created_at = w.created_at and not exists (select from stale)
    ), written as (
      insert into public.audit_chains (chain, sequence, audit_id, seal, end_mac)
      select chain, sequence, audit_id, seal, mac from bound where not exists (select from stale)
      on conflict (chain) do update
      set sequence = excluded.sequence, audit_id = excluded.audit_id, seal = excluded.seal, end_mac = excluded.end_mac
    )
    select exists (select from stale) as moved`;
  return outcome?.moved === false;
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex');
}
