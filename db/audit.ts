import { v7 as uuidv7 } from 'uuid';
import { insertOnly } from './insert.ts';
import { auditLogs, type ActorType, type Changes, type Outcome } from './lobby.ts';
import type { Tx } from './lane.ts';

/** One thing that was done, tried or refused. */
export interface AuditEntry {
  /** The log it stands in; `null` is the platform's. */
  tenantId: string | null;
  /** `noun.verb`, as in `project.create`. */
  action: string;
  entityType: string;
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
}

/** Writes the entry in the transaction of what it tells of: neither stands without the other. */
export async function writeAudit(tx: Tx, entry: AuditEntry): Promise<void> {
  await tx.execute(insertOnly(auditLogs, { id: uuidv7(), ...entry }));
}
