import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Log } from '../../core/log/log.ts';
import { relayDue, wakeKinds, type OutboxRow } from '../../db/outbox/owner/claim.ts';
import { listenForRows } from '../../db/outbox/owner/listen.ts';
import type { Owner } from '../../db/connection/owner/connect.ts';
import { createPace, type Pace } from './pace.ts';
import { relayRow, type Relayed } from './relay-row.ts';
import { backoff, createPause } from '../pause.ts';
import { KINDS } from './starts.ts';

/** The approximate number of rows per batch. */
const BATCH = 50;
/** How long to wait, in ms: when there is no row, when tenants are held back, and from `first` to `most` after failures. */
const WAIT = { idle: 2_000, held: 500, first: 100, most: 5_000 } as const;

export interface Relay {
  /** Stops after the current batch. */
  stop(): Promise<void>;
}

interface RelayDeps {
  owner: Owner;
  client: Client;
  log: Log;
}

/**
 * Starts a workflow for each outbox row. A row is deleted after its workflow has started, and the workflow's id is made
 * from the row. So neither a crash between the two steps nor a second relay starts a workflow twice. While Temporal is
 * unavailable, rows wait. Tenants take turns, and a pace limits each of them. A row that cannot be relayed waits or is set
 * aside, and the other rows go on.
 */
export async function startRelay(deps: RelayDeps): Promise<Relay> {
  const { owner, log } = deps;
  let stopped = false;
  const pause = createPause();
  const pace = createPace();

  const listening = await listenForRows(owner, pause.end);

  async function run(): Promise<void> {
    let failures = 0;
    let woken = false;
    let last: string | undefined;
    while (!stopped) {
      pause.arm();
      try {
        // Rows of kinds that only this version of the worker knows may be waiting.
        if (!woken) await wakeKinds(owner, KINDS);
        woken = true;
        const held = pace.held();
        const turns = {
          after: last,
          most: BATCH,
          passed: held,
          placesOf: (tenantId: string) => pace.placesOf(tenantId),
        };
        const batch = await relayDue(owner, turns, (rows) => relayRows({ ...deps, pace }, rows));
        last = batch.last;
        failures = 0;
        if (batch.taken === 0) await pause.wait(held.length > 0 ? WAIT.held : WAIT.idle);
      } catch (error) {
        failures += 1;
        log.warn({ err: error, failures }, 'outbox rows could not be relayed; they wait');
        // A new row must not shorten this wait: the relay would overload a service that is down.
        await sleep(backoff(failures, WAIT));
      }
    }
  }

  const running = run();
  return {
    async stop() {
      stopped = true;
      pause.end();
      await running;
      await listening.unlisten().catch(() => undefined);
    },
  };
}

/** @throws Error if Temporal answered for none of the rows: the rows did not cause that, so it is no attempt of theirs */
async function relayRows(
  { client, log, pace }: Omit<RelayDeps, 'owner'> & { pace: Pace },
  rows: readonly OutboxRow[],
): Promise<Relayed[]> {
  const relayed = await Promise.all(rows.map((row) => relayRow(client, row)));
  for (const { row, verdict, cause } of relayed) {
    tell(log, { row, verdict, cause });
    // A row that starts no workflow does not delay other tenants, so it is not counted.
    if (verdict.is === 'relayed' && row.tenantId !== null) pace.spend(row.tenantId);
  }
  const unanswered = relayed.filter(({ verdict, cause }) => verdict.is === 'waits' && cause !== undefined);
  if (unanswered.length > 0 && unanswered.length === relayed.length) {
    throw new Error('Temporal answered for no row', { cause: unanswered[0]?.cause });
  }
  return relayed;
}

function tell(log: Log, { row, verdict, cause }: Relayed): void {
  const { id: outboxId, kind, tenantId } = row;
  if (verdict.is === 'relayed') return;
  const about = { outboxId, kind, tenantId, reason: verdict.error, ...(cause !== undefined && { err: cause }) };
  if (verdict.is === 'aside') log.error(about, 'an outbox row was set aside: it needs an operator');
  else log.warn(about, 'an outbox row could not be relayed; it waits');
}
