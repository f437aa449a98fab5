import { sql, type SQL } from 'drizzle-orm';
import { endMatches, PLATFORM_CHAIN, rowMatches, sealMatches, startMatches } from '../../core/audit/seal-macs.ts';
import type { SecretKeys } from '../../core/secret-keys.ts';
import { readBounds, readSeals, SEALS_AT_ONCE, type ChainBounds } from './chain.ts';
import { LATE_MS } from './lateness.ts';
import type { Tx } from '../connection/lane.ts';
import { readByIndex } from '../connection/plans.ts';

/** How many rows one transaction searches, which takes some 100 ms. */
const ROWS_AT_ONCE = 10_000;
/** All ids of rows are higher. */
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';
export interface Verification {
  valid: boolean;
  /** How many rows match their seals. */
  checked: number;
  /** How many rows have no seal. */
  unsealed: number;
  /** The id of the first row that was changed or deleted, or was kept from being sealed; `null` if all are valid. */
  firstBadId: string | null;
}

interface Verifying {
  keys: SecretKeys;
  /** `null` for the platform's log. */
  tenantId: string | null;
  /** Runs `work` in a transaction of its own. A large log takes many transactions. */
  read: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
}

/** Verifies the chain of a log from its start to its end, and searches the log for rows without a seal. */
export async function verifyAuditLog(verifying: Verifying): Promise<Verification> {
  // Comes first, so that a row that is sealed meanwhile is counted twice, and not missed.
  const { unsealed, smuggledId } = await findUnsealed(verifying);
  const chain = await followChain(verifying, await readCurrentBounds(verifying));
  const firstBadId = chain.firstBadId ?? smuggledId;
  return { valid: firstBadId === null, checked: chain.checked, unsealed, firstBadId };
}

interface Followed {
  checked: number;
  firstBadId: string | null;
}

async function followChain(verifying: Verifying, bounds: ChainBounds | undefined): Promise<Followed> {
  const followed = await followOnce(verifying, bounds);
  if (followed.firstBadId === null) return followed;
  // The chain may have got its first seal or a later start meanwhile.
  const now = await readCurrentBounds(verifying);
  const same = (bounds === undefined) === (now === undefined) && startMacText(bounds) === startMacText(now);
  return same ? followed : await followChain(verifying, now);
}

function startMacText(bounds: ChainBounds | undefined): string | undefined {
  return bounds?.startMac?.toString('hex');
}

function readCurrentBounds({ tenantId, read }: Verifying): Promise<ChainBounds | undefined> {
  return read((tx) => readBounds(tx, tenantId ?? PLATFORM_CHAIN));
}

async function followOnce({ keys, tenantId, read }: Verifying, bounds: ChainBounds | undefined): Promise<Followed> {
  let checked = 0;
  /** The latest time of a sealed row, in ms. */
  let newest = 0;
  const bad = (firstBadId: string): Followed => ({ checked, firstBadId });

  const broken = bounds && brokenBound(keys, bounds);
  if (broken !== undefined) return bad(broken);
  const { droppedBefore = '' } = bounds?.start ?? {};
  const keptFrom = droppedBefore === '' ? -Infinity : Date.parse(droppedBefore);
  let before = bounds?.start.seal ?? null;
  let sequence = bounds?.start.sequence ?? 0;
  let complete = false;
  while (!complete) {
    const after = sequence;
    const seals = await read((tx) => readSeals(tx, tenantId ?? PLATFORM_CHAIN, after));
    for (const { text, seal, ...link } of seals) {
      const written = Date.parse(link.auditCreatedAt);
      const inPlace = link.sequence === sequence + 1 && sealMatches(keys, link, before, seal);
      // A time that can't be parsed makes the comparison false, so the row is bad. A row that claims a future time counts as
      // written when it was sealed. So do the rows before one that was sealed after the clock was set back. Otherwise valid
      // rows after them would count as bad.
      const sealed = Date.parse(link.sealedAt);
      const inTime = written + LATE_MS >= Math.min(newest, sealed);
      if (!bounds || !inPlace || !inTime) return bad(link.auditId);
      if (link.sequence === bounds.end.sequence && !seal.equals(bounds.end.seal)) return bad(link.auditId);
      if (text === null ? written >= keptFrom : !rowMatches(keys, text, link.rowMac)) return bad(link.auditId);
      if (text !== null) checked += 1;
      before = seal;
      sequence = link.sequence;
      newest = Math.max(Math.min(newest, sealed), Math.min(written, sealed));
    }
    complete = seals.length < SEALS_AT_ONCE;
  }
  // The newest rows were deleted together with their seals.
  if (bounds && sequence < bounds.end.sequence) return bad(bounds.end.auditId);
  return { checked, firstBadId: null };
}

/** @returns the id of a row at the start or end, if that start or end is forged */
function brokenBound(keys: SecretKeys, { start, startMac, end, endMac }: ChainBounds): string | undefined {
  if (!endMatches(keys, end, endMac)) return end.auditId;
  return startMatches(keys, start, startMac) ? undefined : (start.auditId ?? end.auditId);
}

/** Finds rows without a seal. `smuggledId`: the first of them that does not wait for one, and so was never to be sealed. */
async function findUnsealed({ tenantId, read }: Verifying): Promise<{ unsealed: number; smuggledId: string | null }> {
  let unsealed = 0;
  let smuggledId: string | null = null;
  let after: string | null = BEFORE_ALL;
  do {
    // Only the index on (tenant_id, id) fits ranges over both columns and this order. With `tenant_id = …` PostgreSQL might
    // choose the primary key, and read the rows of all tenants.
    const next: SQL =
      tenantId === null
        ? sql`tenant_id is null and id > ${after}`
        : sql`(tenant_id, id) > (${tenantId}, ${after}) and tenant_id <= ${tenantId}`;
    const [found] = await read(async (tx) => {
      await readByIndex(tx);
      return await tx.execute<{ last: string | null; unsealed: number; smuggled: string | null }>(sql`
        select max(a.id::text) as last, count(*) filter (where s.audit_id is null)::int as unsealed,
          min(a.id::text) filter (where s.audit_id is null and u.audit_id is null) as smuggled
        from (
          select id, created_at from public.audit_logs where ${next} order by tenant_id, id limit ${ROWS_AT_ONCE}
        ) a
        left join public.audit_seals s on s.audit_id = a.id and s.audit_created_at = a.created_at
        left join public.audit_unsealed u on u.audit_id = a.id and u.created_at = a.created_at`);
    });
    unsealed += found?.unsealed ?? 0;
    smuggledId ??= found?.smuggled ?? null;
    after = found?.last ?? null;
  } while (after !== null);
  return { unsealed, smuggledId };
}
