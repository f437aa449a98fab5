import type { EmailPayload } from '../core/mail/email-payload.ts';

// The names, inputs and ids of the workflows, for code outside of the worker. Temporal stores inputs in its histories, so
// they hold ids and names, never a secret.

export const TASK_QUEUE = 'atrium';

export interface ProvisionTenantInput {
  tenantId: string;
}

export type SendEmailInput = EmailPayload & {
  /** The outbox row's id. The Message-ID is made from it. */
  messageId: string;
  /** The tenant of the outbox row. A tenant's role can only queue rows of its own tenant, so the mail must be about that tenant. */
  tenantId: string | null;
};

/** The error types for which a retry cannot help, for a workflow's `nonRetryableErrorTypes`. */
export const HOPELESS = ['ForeignSchemaError', 'TenantGoneError', 'RecipientRefused'];

/** The id allows one provisioning of a tenant at a time. */
export const provisionWorkflowId = (tenantId: string): string => `provision-${tenantId}`;
/** The id allows one workflow per mail. */
export const emailWorkflowId = (messageId: string): string => `email-${messageId}`;
/** The keys of a workflow's memo that are passed on to its activities: the outbox row and the trace that caused it. */
export const CARRIED = ['outboxId', 'traceparent'] as const;
export const REAP_SCHEDULE_ID = 'reap-sign-ups';
export const AUDIT_SCHEDULE_ID = 'tend-audit-log';
