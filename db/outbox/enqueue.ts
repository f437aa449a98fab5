import { sql } from 'drizzle-orm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { NoneOf } from '../../core/none-of.ts';
import { emailPayloadSchema } from '../../core/mail/email-payload.ts';
import { currentTraceparent } from '../../core/tracing/span.ts';
import { insertOnly } from '../connection/insert.ts';
import { outbox } from '../tables/lobby.ts';
import type { Tx } from '../connection/lane.ts';
import { PRODUCT_PAYLOADS } from './product/kinds.ts';

/** The NOTIFY channel that tells workers about new rows. */
export const OUTBOX_CHANNEL = 'atrium_outbox';

/**
 * The payloads of Atrium's kinds of outbox rows. They hold ids only, so that neither the outbox nor a workflow's history
 * holds a secret. A row may have a tenant. PostgreSQL lets a tenant's role queue rows for its own tenant only, and no row
 * whose kind begins with `tenant.`.
 */
const ATRIUM_PAYLOADS = {
  'tenant.provision': z.strictObject({}),
  'email.send': emailPayloadSchema,
};

/** The schema of the payload of each kind, Atrium's and the product's. */
export const OUTBOX_PAYLOADS = {
  ...ATRIUM_PAYLOADS,
  ...(PRODUCT_PAYLOADS satisfies NoneOf<typeof ATRIUM_PAYLOADS>),
} satisfies Record<`${string}.${string}`, z.ZodType>;

export type OutboxKind = keyof typeof OUTBOX_PAYLOADS;
/** The payload of a kind. */
export type OutboxPayload<Kind extends OutboxKind> = z.output<(typeof OUTBOX_PAYLOADS)[Kind]>;
export type OutboxMessage = { [Kind in OutboxKind]: { kind: Kind; payload: OutboxPayload<Kind> } }[OutboxKind];

/**
 * Queues work in the transaction that causes it. The work is done if, and only if, the transaction commits.
 * @param tenantId the tenant of the work; `null` if it is not for a tenant
 */
export async function enqueue(tx: Tx, tenantId: string | null, message: OutboxMessage): Promise<void> {
  await tx.execute(insertOnly(outbox, { id: uuidv7(), tenantId, kind: message.kind, payload: payloadOf(message) }));
  await tx.execute(sql`select pg_notify(${OUTBOX_CHANNEL}, '')`);
}

/** @returns the payload of a message, with the `traceparent` of the current span if there is one */
export function payloadOf({ payload }: OutboxMessage): Record<string, unknown> {
  const traceparent = currentTraceparent();
  return { ...payload, ...(traceparent !== undefined && { traceparent }) };
}
