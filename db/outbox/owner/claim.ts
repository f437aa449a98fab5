import { NIL } from 'uuid';
import type { Owner, OwnerTx } from '../../connection/owner/connect.ts';
import { steps } from '../../connection/owner/index-skip-scan.ts';

// How workers take rows from the outbox. Whoever may queue chooses a row's id, so no order depends on it but that of a
// tenant's own rows.

/** A row as anybody may have written it. */
export interface OutboxRow {
  id: string;
  tenantId: string | null;
  kind: string;
  payload: unknown;
  /** How often starting its workflow has failed. */
  attempts: number;
}

/** What becomes of a row that was taken. */
export type Verdict =
  /** A workflow has it: the row goes. */
  | { is: 'relayed' }
  /** It is taken again in so many seconds; meanwhile others are. `failed` counts towards the tries that a row has. */
  | { is: 'waits'; seconds: number; error: string; failed: boolean }
  /** No worker can do anything with it, ever: an operator has to look at it. */
  | { is: 'aside'; error: string };

interface Settled {
  row: OutboxRow;
  verdict: Verdict;
}

/** `last_error` of rows whose kind no worker knew. */
const UNKNOWN_KIND = 'unknown kind';

/** A row of a kind that this worker does not know waits for a newer worker. */
export function ofUnknownKind(seconds: number): Verdict {
  return { is: 'waits', seconds, error: UNKNOWN_KIND, failed: false };
}

/** The characters of an error that are kept. */
const ERROR_LENGTH = 300;

/** Stands for the tenant where a row has none. */
const NOBODY = NIL;
/** Whose a row is, in SQL, as the index outbox_turns_idx has it. */
const WHOSE = `coalesce(tenant_id, '${NOBODY}'::uuid)`;

interface Turns {
  after: string | undefined;
  most: number;
  passed: readonly string[];
}

/**
 * Takes some of the rows that are due, lets `relay` decide what becomes of each, and writes that down, in one transaction:
 * other workers take other rows meanwhile. What `relay` throws leaves all rows as they were.
 * @param turns.after whose turn was last, from the answer before
 * @param turns.most how many rows, near enough
 * @param turns.passed the tenants that have no turn
 * @param turns.placesOf how many rows of a tenant may be taken, at least 1; what has no tenant has no such limit
 * @returns how many rows were taken, and whose turn was last
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
 * Locks rows until the transaction ends. Tenants take turns, and rows without a tenant have a turn as one more: each of the
 * next `most` of them gets an equal share of the places.
 */
async function takeRows(
  tx: OwnerTx,
  { after, most, passed, placesOf }: Turns & { placesOf: (tenantId: string) => number },
): Promise<{ rows: OutboxRow[]; last: string | undefined }> {
  const later = await whoseAreDue(tx, { after, most, passed });
  const earlier =
    after === undefined || later.length === most ? [] : await whoseAreDue(tx, { after: undefined, most, passed });
  const turns = [...new Set([...later, ...earlier])].slice(0, most);
  if (turns.length === 0) return { rows: [], last: undefined };
  const share = Math.ceil(most / turns.length);
  const places = turns.map((whose) => (whose === NOBODY ? share : Math.min(share, placesOf(whose))));
  const rows = await tx<OutboxRow[]>`
    select o.id, o.tenant_id as "tenantId", o.kind, o.payload, o.attempts
    from unnest(${turns}::uuid[], ${places}::int[]) with ordinality as t (whose, places, turn)
    cross join lateral (
      select * from public.outbox
      where set_aside_at is null and next_attempt_at <= now()
        and ${tx.unsafe(WHOSE)} = t.whose
      order by next_attempt_at, id limit t.places for update skip locked) o
    order by t.turn, o.next_attempt_at, o.id`;
  return { rows, last: turns.at(-1) };
}

/** Whose rows are due, in the order of ids. */
async function whoseAreDue(tx: OwnerTx, { after, most, passed }: Turns): Promise<string[]> {
  const rows = await tx<{ whose: string }[]>`
    ${steps(tx, { key: WHOSE, from: 'public.outbox', where: 'set_aside_at is null', after })}
    select key as whose from steps
    where key is not null and key <> all (${[...passed]}::uuid[]) and exists (select from public.outbox
      where set_aside_at is null and next_attempt_at <= now() and ${tx.unsafe(WHOSE)} = steps.key)
    limit ${most}`;
  return rows.map(({ whose }) => whose);
}

async function settleRows(tx: OwnerTx, settled: readonly Settled[]): Promise<void> {
  const relayed = settled.flatMap(({ row, verdict }) => (verdict.is === 'relayed' ? [row.id] : []));
  if (relayed.length > 0) await tx`delete from public.outbox where id in ${tx(relayed)}`;
  for (const { row, verdict } of settled) {
    if (verdict.is === 'relayed') continue;
    const error = verdict.error.slice(0, ERROR_LENGTH);
    // The transaction began before Temporal was asked: its now() may be seconds ago.
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

/** Has rows taken at once that waited for a worker who knows their kind. */
export async function wakeKinds(owner: Owner, kinds: readonly string[]): Promise<void> {
  await owner.begin(async (tx) => {
    const known = await tx<{ id: string }[]>`
      select id from public.outbox where set_aside_at is null and last_error = ${UNKNOWN_KIND} and kind in ${tx(kinds)}`;
    // An UPDATE would wait for whoever keeps the table from being changed, even where there is nothing to change.
    if (known.length === 0) return;
    await tx`
      update public.outbox set next_attempt_at = now(), last_error = null where id in ${tx(known.map(({ id }) => id))}`;
  });
}
