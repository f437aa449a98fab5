import {
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  type Client,
  type WorkflowExecutionStatusName,
} from '@temporalio/client';
import { findCause } from '../../core/errors.ts';
import { currentTraceparent, inSpan, SpanKind } from '../../core/tracing/span.ts';
import { parseTraceparent } from '../../core/tracing/traceparent.ts';
import { ofUnknownKind, type OutboxRow, type Verdict } from '../../db/outbox/owner/claim.ts';
import { TASK_QUEUE } from '../contract.ts';
import { backoff } from '../pause.ts';
import { BadRowError, type Start } from './queued-row.ts';
import { isKnown, startOf, traceparentOf } from './starts.ts';

/** How long Temporal may take to answer a start, in ms. */
const START_MS = 5_000;
/** How long a row waits after a try, in seconds: twice as long each time. The last of so many tries is some two hours after the first. */
const RETRY = { first: 1, most: 300, tries: 30 } as const;
/** For a worker who knows its kind. A newer one looks at once when it starts. */
const UNKNOWN_SECONDS = 60;
/** For a workflow of the same id that still runs. */
const TURN_SECONDS = 2;
/** gRPC's INVALID_ARGUMENT: Temporal will never take it. */
const INVALID_ARGUMENT = 3;

export interface Relayed {
  row: OutboxRow;
  verdict: Verdict;
  cause?: unknown;
}

/** Starts the workflow of a row. Never throws: what is wrong with a row is its own business. */
export async function relayRow(client: Client, row: OutboxRow): Promise<Relayed> {
  const { kind } = row;
  if (!isKnown(kind)) return { row, verdict: ofUnknownKind(UNKNOWN_SECONDS) };
  try {
    const start = startOf(kind, row);
    const verdict = await client.connection.withDeadline(Date.now() + START_MS, () => relay(client, row, start));
    return { row, verdict };
  } catch (error) {
    return { row, verdict: verdictOn(error, row.attempts + 1), cause: error };
  }
}

function verdictOn(error: unknown, tries: number): Verdict {
  if (error instanceof BadRowError) return { is: 'aside', error: error.message };
  const code = findCause(error, isGrpcServiceError)?.code;
  const message = error instanceof Error ? error.message : 'not an Error';
  if (Number(code) === INVALID_ARGUMENT) return { is: 'aside', error: `Temporal refuses it: ${message}` };
  return failed(tries, message);
}

function failed(tries: number, error: string): Verdict {
  if (tries >= RETRY.tries) return { is: 'aside', error: `failed ${tries} times: ${error}` };
  return { is: 'waits', seconds: backoff(tries, RETRY), error, failed: true };
}

async function relay(client: Client, row: OutboxRow, start: Start): Promise<Verdict> {
  try {
    await startTraced(client, row, start);
    return { is: 'relayed' };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const { memo, status } = await client.workflow.getHandle(error.workflowId).describe();
    // Our own earlier start, whose row stayed.
    return memo?.['outboxId'] === row.id ? { is: 'relayed' } : verdictBeside(status.name, row.attempts + 1);
  }
}

/** Another row's workflow has the id: if it has done the work there is nothing left to do, and otherwise this row waits its turn. */
function verdictBeside(status: WorkflowExecutionStatusName, tries: number): Verdict {
  switch (status) {
    case 'COMPLETED':
      return { is: 'relayed' };
    case 'RUNNING':
      return { is: 'waits', seconds: TURN_SECONDS, error: 'a workflow of the same id runs', failed: false };
    default:
      return failed(tries, `a workflow of the same id is there: ${status}`);
  }
}

/** In the trace of what queued the row; the workflow keeps where that stands in its memo, for its activities. */
function startTraced(client: Client, row: OutboxRow, { workflow, input, ...start }: Start): Promise<unknown> {
  const said = traceparentOf(row);
  const above = parseTraceparent(said);
  return inSpan(`relay ${row.kind}`, { kind: SpanKind.PRODUCER, above }, () => {
    const traceparent = currentTraceparent() ?? (above && said);
    return client.workflow.start(workflow, {
      ...start,
      taskQueue: TASK_QUEUE,
      memo: { outboxId: row.id, ...(traceparent !== undefined && { traceparent }) },
      // Where Temporal's task queues have fairness on, tenants take turns there as well.
      priority: { fairnessKey: row.tenantId ?? 'platform' },
      args: [input],
    });
  });
}
