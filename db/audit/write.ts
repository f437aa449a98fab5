import { v7 as uuidv7 } from 'uuid';
import type { AuditSubject } from '../../core/audit/actions.ts';
import { postgresError } from '../connection/errors.ts';
import { insertOnly } from '../connection/insert.ts';
import { auditLogs, type ActorType, type Changes, type Outcome } from '../tables/lobby.ts';
import type { Tx } from '../connection/lane.ts';

/** An action that succeeded, failed or was denied. */
export type AuditEntry = AuditSubject & {
  /** The tenant whose log gets the row; `null` for the platform's log. */
  tenantId: string | null;
  entityId: string | null;
  actorType: ActorType;
  actorId: string | null;
  /** The operator who acted as the actor under an assumed identity. */
  operatorId: string | null;
  outcome: Outcome;
  ipAddress: string | null;
  userAgent: string | null;
  requestId: string | null;
  changes: Changes;
};

/**
 * Writes an audit row in the transaction of the action, so that either both are committed or neither is.
 * @throws Error if the entry violates a constraint of the table, for example because its changes have more than 1 MiB as
 *   JSON. That is a bug of the procedure, and its caller gets `INTERNAL`.
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
