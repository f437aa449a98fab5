import { sql } from 'drizzle-orm';
import { v7 as uuidv7 } from 'uuid';
import type { MailOrder } from '../core/mail-order.ts';
import { currentTraceparent } from '../core/tracing/span.ts';
import { insertOnly } from './insert.ts';
import { outbox } from './lobby.ts';
import type { Tx } from './lane.ts';

/** The channel on which a relay hears that there are new rows. */
export const OUTBOX_CHANNEL = 'atrium_outbox';

/**
 * What the worker can be asked for, about the tenant of the row if it has one: PostgreSQL holds a tenant's role to its own. Ids only:
 * neither the outbox nor a workflow's history holds a secret.
 */
export type OutboxMessage =
  | { kind: 'tenant.provision'; payload: Record<string, never> }
  | { kind: 'email.send'; payload: MailOrder };

/** What may stand in a payload beside the message: the trace that it continues. */
export interface Traced {
  traceparent?: string;
}

/**
 * Queues work in the transaction that causes it: it is done if, and only if, the transaction commits.
 * @param tenantId whose it is; `null` for what is no tenant's
 */
export async function enqueue(tx: Tx, tenantId: string | null, message: OutboxMessage): Promise<void> {
  const traceparent = currentTraceparent();
  const payload = { ...message.payload, ...(traceparent !== undefined && { traceparent }) };
  await tx.execute(insertOnly(outbox, { id: uuidv7(), tenantId, kind: message.kind, payload }));
  await tx.execute(sql`select pg_notify(${OUTBOX_CHANNEL}, '')`);
}
