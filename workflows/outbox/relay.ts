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

/** Rows taken at once, near enough. */
const BATCH = 50;
/** How long to wait, in ms, when nobody calls, when tenants are held back, and after a failure at first and at most. */
const WAIT = { idle: 2_000, held: 500, first: 100, most: 5_000 } as const;

export interface Relay {
  /** Lets the batch under way end. */
  stop(): Promise<void>;
}

interface RelayDeps {
  owner: Owner;
  client: Client;
  log: Log;
}

/**
 * Carries outbox rows to workflows. A row goes only once its workflow is started, and the workflow's id is made from
 * the row: a crash between the two, or a second relay, starts nothing twice. While Temporal is away, rows wait. Tenants take
 * turns, at a pace that leaves the worker to others, and a row that can't be relayed waits by itself, or is set aside: none of it
 * keeps others waiting.
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
        // Rows may have waited for this version of the worker.
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
        // Not cut short by a call: whoever queues work now must not make us hammer what is down.
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

/** @throws Error when Temporal answered for none of the rows: that is no row's fault, and none counts it as a try */
async function relayRows(
  { client, log, pace }: Omit<RelayDeps, 'owner'> & { pace: Pace },
  rows: readonly OutboxRow[],
): Promise<Relayed[]> {
  const relayed = await Promise.all(rows.map((row) => relayRow(client, row)));
  for (const { row, verdict, cause } of relayed) {
    tell(log, { row, verdict, cause });
    // Rows that start nothing cost no other tenant anything.
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
