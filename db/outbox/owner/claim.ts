import { NIL } from 'uuid';
import type { Owner, OwnerTx } from '../../connection/owner/connect.ts';
import { steps } from '../../connection/owner/index-skip-scan.ts';

// Workers take rows from the outbox. Every role that may queue can choose the id of a row, so the id only orders the rows of
// one tenant.

/** An outbox row, which is not validated yet. */
export interface OutboxRow {
  id: string;
  tenantId: string | null;
  kind: string;
  payload: unknown;
  /** How often starting its workflow has failed. */
  attempts: number;
}

/** The result for a row that was taken. */
export type Verdict =
  /** A workflow was started, so the row is deleted. */
  | { is: 'relayed' }
  /** The row is taken again after `seconds`. If it `failed`, its attempts are counted up. */
  | { is: 'waits'; seconds: number; error: string; failed: boolean }
  /** No worker can ever relay the row, so it is set aside for an operator. */
  | { is: 'aside'; error: string };

interface Settled {
  row: OutboxRow;
  verdict: Verdict;
}

/** The `last_error` of rows of an unknown kind. */
const UNKNOWN_KIND = 'unknown kind';

/** @returns the verdict for a row of an unknown kind, which waits for a newer worker */
export function ofUnknownKind(seconds: number): Verdict {
  return { is: 'waits', seconds, error: UNKNOWN_KIND, failed: false };
}

/** The maximum length of a stored error, in characters. */
const ERROR_LENGTH = 300;

/** Stands for the tenant where a row has none. */
const NO_TENANT = NIL;
/** The tenant of a row, or {@link NO_TENANT}, in SQL, as the index outbox_turns_idx defines it. */
const TENANT_KEY = `coalesce(tenant_id, '${NO_TENANT}'::uuid)`;

interface Turns {
  after: string | undefined;
  most: number;
  passed: readonly string[];
}

/**
 * Takes rows that are due, calls `relay` for their verdicts, and stores these, in one transaction. Other workers take other
 * rows meanwhile. If `relay` throws, no row is changed.
 * @param turns.after `last` of the previous result
 * @param turns.most about how many rows to take
 * @param turns.passed the tenants to skip
 * @param turns.placesOf how many rows of a tenant may be taken, at least 1; rows without a tenant have no such limit
 * @returns how many rows were taken, and the tenant that had the last turn
 */
export async function relayDue(
  owner: Owner,
  turns: Turns & { placesOf: (tenantId: string) => number },
  relay: (rows: readonly OutboxRow[]) => Promise<readonly Settled[]>,
): Promise<{ taken: number; last: string | undefined }> {
  return await owner.begin(async (tx) => {
    const { rows, last } = await takeRows(tx, turns);
    await settleRows(tx, await relay(rows));
    return { taken: rows.length, last };
  });
}

/**
 * Locks rows until the transaction ends. Tenants take turns, and rows without a tenant take turns as one more tenant. Each
 * of the next `most` tenants gets an equal share of the places.
 */
async function takeRows(
  tx: OwnerTx,
  { after, most, passed, placesOf }: Turns & { placesOf: (tenantId: string) => number },
): Promise<{ rows: OutboxRow[]; last: string | undefined }> {
  const later = await dueTenants(tx, { after, most, passed });
  const earlier =
    after === undefined || later.length === most ? [] : await dueTenants(tx, { after: undefined, most, passed });
  const turns = [...new Set([...later, ...earlier])].slice(0, most);
  if (turns.length === 0) return { rows: [], last: undefined };
  const share = Math.ceil(most / turns.length);
  const places = turns.map((tenant) => (tenant === NO_TENANT ? share : Math.min(share, placesOf(tenant))));
  const rows = await tx<OutboxRow[]>`
    select o.id, o.tenant_id as "tenantId", o.kind, o.payload, o.attempts
    from unnest(${turns}::uuid[], ${places}::int[]) with ordinality as t (tenant, places, turn)
    cross join lateral (
      select * from public.outbox
      where set_aside_at is null and next_attempt_at <= now()
        and ${tx.unsafe(TENANT_KEY)} = t.tenant
      order by next_attempt_at, id limit t.places for update skip locked) o
    order by t.turn, o.next_attempt_at, o.id`;
  return { rows, last: turns.at(-1) };
}

/** @returns the tenants with rows that are due, in the order of their ids */
async function dueTenants(tx: OwnerTx, { after, most, passed }: Turns): Promise<string[]> {
  const rows = await tx<{ tenant: string }[]>`
    ${steps(tx, { key: TENANT_KEY, from: 'public.outbox', where: 'set_aside_at is null', after })}
    select key as tenant from steps
    where key is not null and key <> all (${[...passed]}::uuid[]) and exists (select from public.outbox
      where set_aside_at is null and next_attempt_at <= now() and ${tx.unsafe(TENANT_KEY)} = steps.key)
    limit ${most}`;
  return rows.map(({ tenant }) => tenant);
}

async function settleRows(tx: OwnerTx, settled: readonly Settled[]): Promise<void> {
  const relayed = settled.flatMap(({ row, verdict }) => (verdict.is === 'relayed' ? [row.id] : []));
  if (relayed.length > 0) await tx`delete from public.outbox where id in ${tx(relayed)}`;
  for (const { row, verdict } of settled) {
    if (verdict.is === 'relayed') continue;
    const error = verdict.error.slice(0, ERROR_LENGTH);
    // now() is the start of the transaction, which may be seconds before Temporal answered.
    if (verdict.is === 'aside') {
      await tx`update public.outbox set set_aside_at = clock_timestamp(), last_error = ${error} where id = ${row.id}`;
    } else {
      await tx`
        update public.outbox set last_error = ${error}, attempts = attempts + ${verdict.failed ? 1 : 0},
          next_attempt_at = clock_timestamp() + make_interval(secs => ${verdict.seconds})
        where id = ${row.id}`;
    }
  }
}

/** Makes rows due that waited for a worker that knows their kind. */
export async function wakeKinds(owner: Owner, kinds: readonly string[]): Promise<void> {
  await owner.begin(async (tx) => {
    const known = await tx<{ id: string }[]>`
      select id from public.outbox where set_aside_at is null and last_error = ${UNKNOWN_KIND} and kind in ${tx(kinds)}`;
    // An UPDATE would wait for a transaction that locks the table against changes, even if it changes no row.
    if (known.length === 0) return;
    await tx`
      update public.outbox set next_attempt_at = now(), last_error = null where id in ${tx(known.map(({ id }) => id))}`;
  });
}
