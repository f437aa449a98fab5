import type { EntityType } from '../../../core/audit/actions.ts';
import { writeSystemAudit } from '../../audit/owner/write-system.ts';
import type { Changes } from '../../tables/lobby.ts';
import type { Owner } from '../../connection/owner/connect.ts';

const ACTION = 'mail.refuse';

export interface RefusedMail {
  /** The id of the outbox row. */
  messageId: string;
  tenantId: string | null;
  entityType: EntityType<typeof ACTION>;
  entityId: string;
  /** The mail server's code and status, such as `550 5.1.1`. */
  reply: string;
}

/**
 * Writes an audit row about a mail that is not retried, because the mail server refused its recipient. The row for an invite
 * or a sign-up is in the log of its tenant, and the row for a reset in the platform's log. No row shows whether the address
 * has an account. Repeatable.
 */
export async function writeRefusedMail(owner: Owner, mail: RefusedMail): Promise<void> {
  const { messageId, tenantId, entityType, entityId, reply } = mail;
  await owner.begin(async (tx) => {
    const [known] = await tx`
      select from public.audit_logs
      where tenant_id is not distinct from ${tenantId} and entity_type = ${entityType} and entity_id = ${entityId}
        and action = ${ACTION} and changes -> 'messageId' ->> 1 = ${messageId}`;
    if (known) return;
    const changes = { messageId: [null, messageId], reply: [null, reply] } satisfies Changes;
    await writeSystemAudit(tx, { tenantId, action: ACTION, entityType, entityId, outcome: 'failure', changes });
  });
}
