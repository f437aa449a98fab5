import { WorkflowIdReusePolicy, type WorkflowStartOptions } from '@temporalio/client';
import { z } from 'zod';
import { OUTBOX_PAYLOADS, type OutboxKind, type OutboxPayload } from '../../db/outbox/enqueue.ts';
import type { OutboxRow } from '../../db/outbox/owner/claim.ts';
import { emailWorkflowId, provisionWorkflowId, type ProvisionTenantInput, type SendEmailInput } from '../contract.ts';

/** The workflow that does what a row asks for. */
export type Start = Pick<WorkflowStartOptions, 'workflowId' | 'workflowIdReusePolicy' | 'requestEagerStart'> & {
  workflow: string;
  /** Ids and names only: it is kept in Temporal's history. */
  input: object;
};

/** A row whose payload is as its kind has it. */
interface Queued<Kind extends OutboxKind> {
  id: string;
  tenantId: string | null;
  payload: OutboxPayload<Kind>;
}

/** No worker can do what the row asks for. */
export class BadRowError extends Error {
  override readonly name = 'BadRowError';
}

/** How each kind is started: a kind that is missing here does not compile. */
const STARTS: { [Kind in OutboxKind]: (row: Queued<Kind>) => Start } = {
  'tenant.provision': ({ tenantId }) => {
    if (tenantId === null) throw new BadRowError('it names no tenant');
    return {
      workflow: 'provisionTenant',
      workflowId: provisionWorkflowId(tenantId),
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
      // Our own worker, on this same connection, gets the first task with the answer to the start.
      requestEagerStart: true,
      input: { tenantId } satisfies ProvisionTenantInput,
    };
  },
  'email.send': ({ id, tenantId, payload }) => ({
    workflow: 'sendEmail',
    workflowId: emailWorkflowId(id),
    workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
    input: { ...payload, messageId: id, tenantId } satisfies SendEmailInput,
  }),
};

const SCHEMAS: { [Kind in OutboxKind]: z.ZodType<OutboxPayload<Kind>> } = OUTBOX_PAYLOADS;

/** Beside the message stands the trace that it continues. */
const Fields = z.looseObject({ traceparent: z.unknown().optional() });

/** The trace that a row continues, if it says so. */
export function traceparentOf({ payload }: OutboxRow): string | undefined {
  const { traceparent } = Fields.catch({}).parse(payload);
  return typeof traceparent === 'string' ? traceparent : undefined;
}

/** What this worker knows. A newer server may queue more. */
export const KINDS: readonly string[] = Object.keys(STARTS);

export function isKnown(kind: string): kind is OutboxKind {
  return Object.hasOwn(STARTS, kind);
}

/**
 * Reads a row, which anybody who may queue can have written.
 * @throws BadRowError when no further try can help; its message quotes nothing of the row
 */
export function startOf(kind: OutboxKind, row: OutboxRow): Start {
  const fields = Fields.safeParse(row.payload);
  if (!fields.success) throw new BadRowError('payload: no object');
  const { traceparent: _, ...message } = fields.data;
  return startWith({ kind, schema: SCHEMAS[kind] }, row, message);
}

function startWith<Kind extends OutboxKind>(
  { kind, schema }: { kind: Kind; schema: (typeof SCHEMAS)[Kind] },
  { id, tenantId }: OutboxRow,
  message: unknown,
): Start {
  const parsed = schema.safeParse(message);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, code }) => `${path.join('.') || 'payload'}: ${code}`);
    throw new BadRowError(problems.join('; '));
  }
  return STARTS[kind]({ id, tenantId, payload: parsed.data });
}
