import type { TemplatedEmail } from '../core/mail/templated-email.ts';

// What others may know of the workflows: names, inputs and ids. Ids and names only, never a secret: all of it is kept
// in Temporal's histories.

export const TASK_QUEUE = 'atrium';

export interface ProvisionTenantInput {
  tenantId: string;
}

export type SendEmailInput = TemplatedEmail & {
  /** Of the outbox row: makes the Message-ID. */
  messageId: string;
  /** Whose row it was. PostgreSQL holds a tenant's role to its own, so what the mail is about must be of that tenant. */
  tenantId: string | null;
};

/** The error types that no further try can mend: for a workflow's `nonRetryableErrorTypes`. */
export const HOPELESS = ['ForeignSchemaError', 'TenantGoneError', 'RecipientRefused'];

/** One provisioning of a tenant at a time. */
export const provisionWorkflowId = (tenantId: string): string => `provision-${tenantId}`;
/** One workflow for each mail. */
export const emailWorkflowId = (messageId: string): string => `email-${messageId}`;
/** Of a workflow's memo, what its activities are told beside their input: the outbox row, and the trace of its cause. */
export const CARRIED = ['outboxId', 'traceparent'] as const;
export const REAP_SCHEDULE_ID = 'reap-sign-ups';
export const AUDIT_SCHEDULE_ID = 'tend-audit-log';
