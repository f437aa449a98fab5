import { v7 as uuidv7 } from 'uuid';
import type { Outcome } from './lobby.ts';
import type { OwnerTx } from './owner.ts';

/** Writes what the worker did to a tenant into that tenant's log, in the transaction at hand. */
export async function writeSystemAudit(
  tx: OwnerTx,
  tenantId: string,
  action: `tenant.${string}`,
  outcome: Outcome,
): Promise<void> {
  const row = {
    id: uuidv7(),
    tenant_id: tenantId,
    action,
    entity_type: 'tenant',
    entity_id: tenantId,
    actor_type: 'system',
    outcome,
  };
  await tx`insert into public.audit_logs ${tx(row)}`;
}
