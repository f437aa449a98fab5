import type { AuditSubject } from '../../core/audit/actions.ts';
import { STATUS_OF_REASON, type Reason } from '../../core/errors.ts';
import { writeAudit } from '../../db/audit/write.ts';
import type { ActorType, Changes, Outcome } from '../../db/tables/lobby.ts';
import type { Tx } from '../../db/connection/lane.ts';
import type { CallerRecord, RequestFacts } from './context.ts';

/** Fields of the audit row, which a procedure notes when it learns them. */
interface Note {
  tenantId?: string | null;
  entityId?: string;
  /** The actor. Without it, the row's actor is anonymous. */
  actor?: { type: ActorType; id: string };
  /** The superuser behind an assumed identity. */
  operatorId?: string;
  changes?: Changes;
}

/** A change that a call made in addition to its main one. It gets its own audit row. */
export type Effect = AuditSubject & {
  entityId: string;
  tenantId: string | null;
  changes: Changes;
};

/** The audit row of one call. Its fields are collected during the call, and it is written once. */
export interface AuditEntryDraft {
  note(note: Note): void;
  /** Writes the row. For a success, `tx` is the transaction of the change, otherwise a separate one. */
  write(tx: Tx, outcome: Outcome): Promise<void>;
  /** Writes an additional row, for an effect of the call. */
  writeAlso(tx: Tx, effect: Effect): Promise<void>;
  readonly written: boolean;
  /** Marks the row of a refusal as committed, together with the changes that the refusal made. */
  settle(): void;
  readonly settled: boolean;
  /** Whether the actor is known. */
  readonly identified: boolean;
  /** Whether an operator acts under an assumed identity. Then reads are recorded too. */
  readonly assumed: boolean;
  /** The actor and the tenant, for the server log. */
  readonly caller: CallerRecord;
}

export function createAuditEntry(request: RequestFacts, named: AuditSubject): AuditEntryDraft {
  const gathered: Note = {};
  let written = false;
  let settled = false;

  const who = () => ({
    actorType: gathered.actor?.type ?? ('anonymous' as const),
    actorId: gathered.actor?.id ?? null,
    operatorId: gathered.operatorId ?? null,
    ipAddress: request.ipAddress,
    userAgent: request.userAgent,
    requestId: request.id,
  });

  return {
    note: (note) => void Object.assign(gathered, note),
    settle() {
      settled = true;
    },
    get settled() {
      return settled;
    },
    get written() {
      return written;
    },
    get identified() {
      return gathered.actor !== undefined;
    },
    get assumed() {
      return gathered.operatorId !== undefined;
    },
    get caller() {
      const { tenantId, actor, operatorId } = gathered;
      return {
        ...(typeof tenantId === 'string' && { tenantId }),
        ...(actor?.type === 'user' && { userId: actor.id }),
        ...(actor?.type === 'apiKey' && { keyId: actor.id }),
        ...(operatorId !== undefined && { operatorId }),
      };
    },
    async write(tx, outcome) {
      await writeAudit(tx, {
        ...named,
        ...who(),
        tenantId: gathered.tenantId ?? null,
        entityId: gathered.entityId ?? null,
        outcome,
        // A refused or failed call changed nothing.
        changes: outcome === 'success' ? (gathered.changes ?? {}) : {},
      });
      written = true;
    },
    writeAlso: (tx, effect) => writeAudit(tx, { ...effect, ...who(), outcome: 'success' }),
  };
}

/**
 * A middleware that notes the id of the call's entity. Place it after `.input()`. The audit rows of later refusals then have
 * the id too.
 * @param field the field of the input that holds the id
 */
export function about<Field extends string>(field: Field) {
  return <Result>(call: {
    ctx: { auditEntry: AuditEntryDraft };
    input: Readonly<Record<Field, string>>;
    next: () => Promise<Result>;
  }): Promise<Result> => {
    call.ctx.auditEntry.note({ entityId: call.input[field] });
    return call.next();
  };
}

/**
 * Returns the outcome to record for a refused call, or `undefined` to record nothing. Malformed input and unauthenticated
 * calls are not recorded, because anyone could fill the audit log with them.
 */
export function outcomeOf(
  reason: Reason,
  call: { type: 'query' | 'mutation' | 'subscription' } & Pick<AuditEntryDraft, 'identified' | 'assumed'>,
): 'failure' | 'denied' | undefined {
  switch (reason) {
    case 'VALIDATION_FAILED':
    case 'TENANT_REQUIRED':
    case 'RATE_LIMITED':
    case 'OVERLOADED':
    case 'SHUTTING_DOWN':
      return undefined;
    case 'UNAUTHENTICATED':
      return call.identified ? 'denied' : undefined;
    case 'FORBIDDEN':
    case 'READ_ONLY_IDENTITY':
    case 'TENANT_MISMATCH':
    case 'TENANT_NOT_FOUND':
    case 'TENANT_SUSPENDED':
    case 'TENANT_DELETED':
      return 'denied';
    default:
      return (call.type === 'mutation' || call.assumed) && STATUS_OF_REASON[reason] !== 503 ? 'failure' : undefined;
  }
}
