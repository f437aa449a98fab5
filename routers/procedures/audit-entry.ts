import type { AuditSubject } from '../../core/audit/actions.ts';
import { STATUS_OF_REASON, type Reason } from '../../core/errors.ts';
import { writeAudit } from '../../db/audit/write.ts';
import type { ActorType, Changes, Outcome } from '../../db/tables/lobby.ts';
import type { Tx } from '../../db/connection/lane.ts';
import type { CallerRecord, RequestFacts } from './context.ts';

/** What a procedure adds to its audit row, as it learns it. */
interface Note {
  tenantId?: string | null;
  entityId?: string;
  /** Who acts. Without it the row's actor is anonymous. */
  actor?: { type: ActorType; id: string };
  /** The superuser behind an assumed identity. */
  operatorId?: string;
  changes?: Changes;
}

/** Something that a call did beside what it is named after. */
export type Effect = AuditSubject & {
  entityId: string;
  tenantId: string | null;
  changes: Changes;
};

/** The audit row of one call: gathered on the way, written once. */
export interface AuditEntryDraft {
  note(note: Note): void;
  /** Writes the row. In the transaction of the change for a success, in one of its own otherwise. */
  write(tx: Tx, outcome: Outcome): Promise<void>;
  /** Writes a further row, for what the call led to elsewhere. */
  writeAlso(tx: Tx, effect: Effect): Promise<void>;
  readonly written: boolean;
  /** Says that the row of a refusal is committed already, with what the refusal led to. */
  settle(): void;
  readonly settled: boolean;
  /** Whether someone is known to have acted. */
  readonly identified: boolean;
  /** Whether an operator acts as someone else: then reads are written down too. */
  readonly assumed: boolean;
  /** Who acts and where, for the log. */
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
        // What did not happen changed nothing.
        changes: outcome === 'success' ? (gathered.changes ?? {}) : {},
      });
      written = true;
    },
    writeAlso: (tx, effect) => writeAudit(tx, { ...effect, ...who(), outcome: 'success' }),
  };
}

/**
 * A middleware, placed behind the input: notes the entity of the call by its id, which is a field of the input. So refusals
 * after that name it too.
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
 * Whether a refused call leaves a row, and which. Malformed input and calls that prove nobody's identity leave none:
 * anyone could fill the log with them.
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
