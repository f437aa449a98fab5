import { setTimeout as pause } from 'node:timers/promises';
import { WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy, type Client } from '@temporalio/client';
import type { Log } from '../core/log.ts';
import { currentTraceparent, inSpan, SpanKind } from '../core/tracing/span.ts';
import { parseTraceparent } from '../core/tracing/traceparent.ts';
import { OUTBOX_CHANNEL, type OutboxMessage, type Traced } from '../db/outbox.ts';
import type { Owner } from '../db/owner.ts';
import {
  emailWorkflowId,
  provisionWorkflowId,
  TASK_QUEUE,
  type ProvisionTenantInput,
  type SendEmailInput,
} from './contract.ts';
import { backoff, createRest } from './rest.ts';

/** Rows taken at once; and how long to wait, in ms, when nobody calls, and at most after a failure. */
const BATCH = 50;
const WAIT = { idle: 2_000, first: 100, most: 5_000 } as const;
/** How long Temporal may take to answer a start, in ms. */
const START_MS = 5_000;

type Row = { id: string; payload: Traced } & (
  | (Extract<OutboxMessage, { kind: 'email.send' }> & { tenantId: string | null })
  | (Extract<OutboxMessage, { kind: 'tenant.provision' }> & { tenantId: string })
);

/** A newer server may queue what this worker does not know: that waits for a newer worker. */
const KINDS = ['tenant.provision', 'email.send'] satisfies OutboxMessage['kind'][];

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
 * the row: a crash between the two, or a second relay, starts nothing twice. While Temporal is away, rows wait.
 */
export async function startRelay(deps: RelayDeps): Promise<Relay> {
  const { owner, log } = deps;
  let stopped = false;
  const rest = createRest();

  // The second call comes whenever the listening connection is back: rows may have come unheard in the meantime.
  const listening = await owner.listen(OUTBOX_CHANNEL, rest.cut, rest.cut);

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopped) {
      rest.listen();
      try {
        const relayed = await relayBatch(deps);
        failures = 0;
        if (relayed < BATCH) await rest.take(WAIT.idle);
      } catch (error) {
        failures += 1;
        log.warn({ err: error, failures }, 'outbox rows could not be relayed; they wait');
        // Not cut short by a call: whoever queues work now must not make us hammer what is down.
        await pause(backoff(failures, WAIT));
      }
    }
  }

  const running = run();
  return {
    async stop() {
      stopped = true;
      rest.cut();
      await running;
      await listening.unlisten().catch(() => undefined);
    },
  };
}

/** @returns how many rows were taken */
async function relayBatch({ owner, client, log }: RelayDeps): Promise<number> {
  return await owner.begin(async (tx) => {
    const rows = await tx<Row[]>`
      select id, tenant_id as "tenantId", kind, payload from public.outbox
      where kind in ${tx(KINDS)} order by id limit ${BATCH} for update skip locked`;
    const starts = await Promise.allSettled(
      rows.map((row) => client.connection.withDeadline(Date.now() + START_MS, () => start(client, row))),
    );
    const started = rows.filter((_, index) => {
      const outcome = starts[index];
      return outcome?.status === 'fulfilled' && outcome.value;
    });
    if (started.length > 0) {
      await tx`delete from public.outbox where id in ${tx(started.map((row) => row.id))}`;
    }
    for (const [index, outcome] of starts.entries()) {
      if (outcome.status === 'fulfilled') continue;
      const { id: outboxId, kind, tenantId } = rows[index] ?? {};
      log.warn({ err: outcome.reason, outboxId, kind, tenantId }, 'an outbox row could not be relayed; it waits');
    }
    const failed = starts.find((outcome) => outcome.status === 'rejected');
    // What was started stays relayed even if another row could not be.
    if (failed && started.length === 0) throw failed.reason;
    return started.length;
  });
}

/** @returns whether the row is in a workflow's hands, now or since an earlier try */
async function start(client: Client, row: Row): Promise<boolean> {
  try {
    await startWorkflow(client, row);
    return true;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    // Our own earlier start, whose row stayed; or another's. While that runs, or has failed just now, this row waits its
    // turn; if it has done the work there is nothing left to do.
    const { memo, status } = await client.workflow.getHandle(error.workflowId).describe();
    return memo?.['outboxId'] === row.id || status.name === 'COMPLETED';
  }
}

/** In the trace of what queued the row; the workflow keeps where that stands in its memo, for its activities. */
function startWorkflow(client: Client, row: Row): Promise<unknown> {
  const { traceparent } = row.payload;
  const above = parseTraceparent(traceparent);
  return inSpan(`relay ${row.kind}`, { kind: SpanKind.PRODUCER, above }, () =>
    startTraced(client, row, currentTraceparent() ?? traceparent),
  );
}

function startTraced(client: Client, row: Row, traceparent: string | undefined): Promise<unknown> {
  const memo = { outboxId: row.id, ...(traceparent !== undefined && { traceparent }) };
  const common = { taskQueue: TASK_QUEUE, memo };
  switch (row.kind) {
    case 'tenant.provision':
      return client.workflow.start('provisionTenant', {
        ...common,
        workflowId: provisionWorkflowId(row.tenantId),
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
        // Our own worker, on this same connection, gets the first task with the answer to the start.
        requestEagerStart: true,
        args: [{ tenantId: row.tenantId } satisfies ProvisionTenantInput],
      });
    case 'email.send': {
      const { traceparent: _, ...order } = row.payload;
      return client.workflow.start('sendEmail', {
        ...common,
        workflowId: emailWorkflowId(row.id),
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        args: [{ ...order, messageId: row.id, tenantId: row.tenantId } satisfies SendEmailInput],
      });
    }
  }
}
