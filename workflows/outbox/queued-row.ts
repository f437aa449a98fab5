import type { WorkflowStartOptions } from '@temporalio/client';
import type { OutboxKind, OutboxPayload } from '../../db/outbox/enqueue.ts';

/** The workflow that does what a row asks for. */
export type Start = Pick<WorkflowStartOptions, 'workflowId' | 'workflowIdReusePolicy' | 'requestEagerStart'> & {
  workflow: string;
  /** Ids and names only: it is kept in Temporal's history. */
  input: object;
};

/** A row whose payload is as its kind has it. */
export interface QueuedRow<Kind extends OutboxKind> {
  id: string;
  tenantId: string | null;
  payload: OutboxPayload<Kind>;
}

/** How each of these kinds is started: a kind that is missing does not compile. */
export type Starts<Kinds extends OutboxKind> = { [Kind in Kinds]: (row: QueuedRow<Kind>) => Start };

/** No worker can do what the row asks for. */
export class BadRowError extends Error {
  override readonly name = 'BadRowError';
}
