import { v7 as uuidv7 } from 'uuid';
import type { AuditSubject } from '../../../core/audit/actions.ts';
import type { Changes, Outcome } from '../../tables/lobby.ts';
import type { OwnerTx } from '../../connection/owner/connect.ts';

/**
 * Writes an audit row about an action of the worker or of an operator's command, in the current transaction.
 * @param entry.tenantId `null` for the platform's log
 */
export async function writeSystemAudit(
  tx: OwnerTx,
  entry: AuditSubject & {
    tenantId: string | null;
    entityId: string;
    outcome: Outcome;
    changes?: Changes;
  },
): Promise<void> {
  const { tenantId, action, entityType, entityId, outcome, changes = {} } = entry;
  await tx`
    insert into public.audit_logs (id, tenant_id, action, entity_type, entity_id, actor_type, outcome, changes, created_at)
    values (${uuidv7()}, ${tenantId}, ${action}, ${entityType}, ${entityId}, 'system', ${outcome},
      ${JSON.stringify(changes)}::text::jsonb, clock_timestamp())`;
}
