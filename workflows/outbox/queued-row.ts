import type { WorkflowStartOptions } from '@temporalio/client';
import type { OutboxKind, OutboxPayload } from '../../db/outbox/enqueue.ts';

/** The workflow to start for an outbox row. */
export type Start = Pick<WorkflowStartOptions, 'workflowId' | 'workflowIdReusePolicy' | 'requestEagerStart'> & {
  workflow: string;
  /** Holds ids and names only, because Temporal stores it in the workflow's history. */
  input: object;
};

/** An outbox row whose payload has passed the schema of its kind. */
export interface QueuedRow<Kind extends OutboxKind> {
  id: string;
  tenantId: string | null;
  payload: OutboxPayload<Kind>;
}

/** How to start the workflow of each kind. A missing kind does not compile. */
export type Starts<Kinds extends OutboxKind> = { [Kind in Kinds]: (row: QueuedRow<Kind>) => Start };

/** The row is invalid: no worker can process it. */
export class BadRowError extends Error {
  override readonly name = 'BadRowError';
}
