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
/**
 * How long a row waits after a failed attempt, in seconds. The wait doubles each time. The last attempt is about two hours
 * after the first.
 */
const RETRY = { first: 1, most: 300, tries: 30 } as const;
/** How long a row of an unknown kind waits for a newer worker. That worker takes such rows as soon as it starts. */
const UNKNOWN_SECONDS = 60;
/** How long a row waits while a workflow of the same id runs. */
const TURN_SECONDS = 2;
/** The gRPC code INVALID_ARGUMENT: Temporal will refuse every retry. */
const INVALID_ARGUMENT = 3;

export interface Relayed {
  row: OutboxRow;
  verdict: Verdict;
  cause?: unknown;
}

/** Starts the workflow of a row. Never throws: a failure becomes the verdict of that row, so that other rows go on. */
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
    // An earlier attempt started the workflow, but the row was not deleted.
    return memo?.['outboxId'] === row.id ? { is: 'relayed' } : verdictBeside(status.name, row.attempts + 1);
  }
}

/** The verdict when the workflow of another row has the id. If it has completed, the work is done. Otherwise this row waits. */
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

/** Starts the workflow in the trace that queued the row. The memo carries the trace to the activities. */
function startTraced(client: Client, row: OutboxRow, { workflow, input, ...start }: Start): Promise<unknown> {
  const said = traceparentOf(row);
  const above = parseTraceparent(said);
  return inSpan(`relay ${row.kind}`, { kind: SpanKind.PRODUCER, above }, () => {
    const traceparent = currentTraceparent() ?? (above && said);
    return client.workflow.start(workflow, {
      ...start,
      taskQueue: TASK_QUEUE,
      memo: { outboxId: row.id, ...(traceparent !== undefined && { traceparent }) },
      // Temporal's task queues use this key if fairness is enabled.
      priority: { fairnessKey: row.tenantId ?? 'platform' },
      args: [input],
    });
  });
}
