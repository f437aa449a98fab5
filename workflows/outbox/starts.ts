import { WorkflowIdReusePolicy } from '@temporalio/client';
import { z } from 'zod';
import { OUTBOX_PAYLOADS, type OutboxKind, type OutboxPayload } from '../../db/outbox/enqueue.ts';
import type { OutboxRow } from '../../db/outbox/owner/claim.ts';
import { emailWorkflowId, provisionWorkflowId, type ProvisionTenantInput, type SendEmailInput } from '../contract.ts';
import { PRODUCT_STARTS } from '../product/starts.ts';
import { BadRowError, type Start, type Starts } from './queued-row.ts';

/** How to start the workflow of each kind. A missing kind does not compile. */
const STARTS: Starts<OutboxKind> = {
  'tenant.provision': ({ tenantId }) => {
    if (tenantId === null) throw new BadRowError('it names no tenant');
    return {
      workflow: 'provisionTenant',
      workflowId: provisionWorkflowId(tenantId),
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
      // The worker in this process gets the first task in the response to the start, which saves a round trip.
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
  ...PRODUCT_STARTS,
};

const SCHEMAS: { [Kind in OutboxKind]: z.ZodType<OutboxPayload<Kind>> } = OUTBOX_PAYLOADS;

/** The payload holds the message and, beside it, the trace that the message continues. */
const Fields = z.looseObject({ traceparent: z.unknown().optional() });

/** @returns the traceparent in the row, if it has one */
export function traceparentOf({ payload }: OutboxRow): string | undefined {
  const { traceparent } = Fields.catch({}).parse(payload);
  return typeof traceparent === 'string' ? traceparent : undefined;
}

/** The kinds that this worker knows. A newer server may queue others. */
export const KINDS: readonly string[] = Object.keys(STARTS);

export function isKnown(kind: string): kind is OutboxKind {
  return Object.hasOwn(STARTS, kind);
}

/**
 * Validates a row and returns the workflow to start for it. Any role that may insert outbox rows can have written it.
 * @throws BadRowError if the row is invalid, so a retry cannot help; the message quotes nothing of the row
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
