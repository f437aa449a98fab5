import { v7 as uuidv7 } from 'uuid';
import type { AuditSubject } from '../../core/audit/actions.ts';
import { postgresError } from '../connection/errors.ts';
import { insertOnly } from '../connection/insert.ts';
import { auditLogs, type ActorType, type Changes, type Outcome } from '../tables/lobby.ts';
import type { Tx } from '../connection/lane.ts';

/** One thing that was done, tried or refused. */
export type AuditEntry = AuditSubject & {
  /** The log it stands in; `null` is the platform's. */
  tenantId: string | null;
  entityId: string | null;
  actorType: ActorType;
  actorId: string | null;
  /** The superuser who acted as the actor. */
  operatorId: string | null;
  outcome: Outcome;
  ipAddress: string | null;
  userAgent: string | null;
  requestId: string | null;
  changes: Changes;
};

/**
 * Writes the entry in the transaction of what it tells of: neither stands without the other.
 * @throws Error where the entry breaks a rule of the table, as changes do that have more than 1 MiB as JSON: that is a fault of
 *   the procedure, and its caller is told `INTERNAL`
 */
export async function writeAudit(tx: Tx, entry: AuditEntry): Promise<void> {
  try {
    await tx.execute(insertOnly(auditLogs, { id: uuidv7(), ...entry }));
  } catch (error) {
    const refused = postgresError(error);
    if (refused?.code !== '23514') throw error;
    const bytes = Buffer.byteLength(JSON.stringify(entry.changes));
    throw new Error(
      `The audit row of ${entry.action} breaks ${refused.constraint_name}; its changes have ${bytes} bytes as JSON, of 1 MiB at most`,
      { cause: error },
    );
  }
}
