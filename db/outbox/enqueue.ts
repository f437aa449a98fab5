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

/** The channel on which a relay hears that there are new rows. */
export const OUTBOX_CHANNEL = 'atrium_outbox';

/**
 * What the worker can be asked for, about the tenant of the row if it has one: PostgreSQL holds a tenant's role to its own. Ids only:
 * neither the outbox nor a workflow's history holds a secret. A kind whose name begins with `tenant.` can't be queued by a tenant's role.
 */
const ATRIUM_PAYLOADS = {
  'tenant.provision': z.strictObject({}),
  'email.send': emailPayloadSchema,
};

/** What a row of each kind holds: of Atrium's, and of the product's. */
export const OUTBOX_PAYLOADS = {
  ...ATRIUM_PAYLOADS,
  ...(PRODUCT_PAYLOADS satisfies NoneOf<typeof ATRIUM_PAYLOADS>),
} satisfies Record<`${string}.${string}`, z.ZodType>;

export type OutboxKind = keyof typeof OUTBOX_PAYLOADS;
/** What a row of a kind holds. */
export type OutboxPayload<Kind extends OutboxKind> = z.output<(typeof OUTBOX_PAYLOADS)[Kind]>;
export type OutboxMessage = { [Kind in OutboxKind]: { kind: Kind; payload: OutboxPayload<Kind> } }[OutboxKind];

/**
 * Queues work in the transaction that causes it: it is done if, and only if, the transaction commits.
 * @param tenantId whose it is; `null` for what is no tenant's
 */
export async function enqueue(tx: Tx, tenantId: string | null, message: OutboxMessage): Promise<void> {
  await tx.execute(insertOnly(outbox, { id: uuidv7(), tenantId, kind: message.kind, payload: payloadOf(message) }));
  await tx.execute(sql`select pg_notify(${OUTBOX_CHANNEL}, '')`);
}

/** What the row of a message holds: beside the message, the trace that it continues. */
export function payloadOf({ payload }: OutboxMessage): Record<string, unknown> {
  const traceparent = currentTraceparent();
  return { ...payload, ...(traceparent !== undefined && { traceparent }) };
}
