import { v7 as uuidv7 } from 'uuid';
import type { OwnerTx } from '../../connection/owner/connect.ts';
import { OUTBOX_CHANNEL, payloadOf, type OutboxMessage } from '../enqueue.ts';

/** Queues work like `enqueue` of db/outbox/enqueue.ts, in a transaction of the owner. */
export async function enqueueAsOwner(tx: OwnerTx, tenantId: string | null, message: OutboxMessage): Promise<void> {
  await tx`
    insert into public.outbox (id, tenant_id, kind, payload)
    values (${uuidv7()}, ${tenantId}, ${message.kind}, ${JSON.stringify(payloadOf(message))}::text::jsonb)`;
  await tx`select pg_notify(${OUTBOX_CHANNEL}, '')`;
}
