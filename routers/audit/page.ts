import { and, eq, gte, lt, type SQL } from 'drizzle-orm';
import { z } from 'zod';
import { idSchema } from '../../core/id.ts';
import { ACTOR_TYPES, auditLogs, OUTCOMES, type Changes } from '../../db/tables/lobby.ts';
import type { Tx } from '../../db/connection/lane.ts';
import { pageOf } from '../paging.ts';
import { pageInput, pageShape, textInput, time, toPage } from '../shapes.ts';

/** Documented as an array of exactly two items, because some OpenAPI tools do not support tuples. */
const changeShape = z
  .tuple([z.unknown(), z.unknown()])
  .meta({ prefixItems: undefined, items: {}, minItems: 2, maxItems: 2 });

const outcomeShape = z.enum(OUTCOMES).meta({ id: 'AuditOutcome' });

export const auditShape = z
  .object({
    // `guid` accepts any UUID. Rows from before migration 0009 may have one that RFC 9562 does not define.
    id: z.guid(),
    action: z.string().describe('noun.verb'),
    entityType: z.string(),
    entityId: z.string().nullable(),
    actorType: z.enum(ACTOR_TYPES).meta({ id: 'AuditActorType' }),
    actorId: z.guid().nullable(),
    operatorId: z.guid().nullable().describe('The operator who acted under the identity of the actor'),
    outcome: outcomeShape,
    ipAddress: z.string().nullable(),
    userAgent: z.string().nullable(),
    requestId: z.string().nullable(),
    changes: z.record(z.string(), changeShape).describe('{ field: [before, after] }'),
    createdAt: time,
  })
  .meta({ id: 'AuditItem' });

/** A time that PostgreSQL can store, with any offset. */
const moment = z.iso
  .datetime({ offset: true, abort: true })
  .refine((text) => /^[12]\d{3}-/.test(new Date(text).toISOString()), 'must be between the years 1000 and 2999')
  // For the OpenAPI document, where `format` describes the rest.
  .meta({ pattern: '^[12]' });

/** The filters and the page of a read of the audit log. */
export const auditInput = pageInput.extend({
  action: textInput(100).optional().describe('For example project.create'),
  actorId: idSchema.optional(),
  operatorId: idSchema.optional(),
  outcome: outcomeShape.optional(),
  from: moment.optional().describe('Return only rows from this time on'),
  to: moment.optional().describe('Return only rows before this time'),
});

export const auditPageShape = pageShape(auditShape);

type Row = typeof auditLogs.$inferSelect;

/** Reads a page, newest first. @param more a condition in addition to the filter */
export async function readAudit(
  tx: Tx,
  filter: z.infer<typeof auditInput>,
  more?: SQL,
): Promise<{ rows: Row[]; limit: number }> {
  const { action, actorId, operatorId, outcome, from, to, cursor, limit } = filter;
  const where = and(
    more,
    action === undefined ? undefined : eq(auditLogs.action, action),
    actorId === undefined ? undefined : eq(auditLogs.actorId, actorId),
    operatorId === undefined ? undefined : eq(auditLogs.operatorId, operatorId),
    outcome === undefined ? undefined : eq(auditLogs.outcome, outcome),
    from === undefined ? undefined : gte(auditLogs.createdAt, new Date(from)),
    to === undefined ? undefined : lt(auditLogs.createdAt, new Date(to)),
  );
  const rows = await pageOf(tx.select().from(auditLogs).$dynamic(), auditLogs.id, { cursor, limit, where });
  return { rows, limit };
}

export function toAuditPage({ rows, limit }: { rows: Row[]; limit: number }): z.infer<typeof auditPageShape> {
  return toPage(rows, limit, toAuditItem);
}

/** A stored row, whose values may be outside of the documented ones. */
type StoredRow = Omit<Row, 'outcome' | 'actorType' | 'changes'> & Record<'outcome' | 'actorType' | 'changes', unknown>;

/** The API returns these values in place of undocumented ones. The stored value is then in `changes`. */
const UNKNOWN = { outcome: 'failure', actorType: 'anonymous' } as const;

/**
 * Converts a row to the item that the API returns. Rows from before migration 0009 may have any shape, and one such row must
 * not make the whole page fail.
 */
export function toAuditItem({ tenantId: _, createdAt, ...row }: StoredRow): z.infer<typeof auditShape> {
  const outcome = outcomeShape.safeParse(row.outcome).data;
  const actorType = z.enum(ACTOR_TYPES).safeParse(row.actorType).data;
  return {
    ...row,
    outcome: outcome ?? UNKNOWN.outcome,
    actorType: actorType ?? UNKNOWN.actorType,
    changes: {
      ...pairsOf(row.changes),
      ...(outcome === undefined && { outcome: [null, row.outcome] }),
      ...(actorType === undefined && { actorType: [null, row.actorType] }),
    },
    createdAt: createdAt.toISOString(),
  };
}

/** Shows a value that is no `[before, after]` pair as `[null, value]`. */
function pairsOf(changes: unknown): Changes {
  const known = auditShape.shape.changes.safeParse(changes);
  if (known.success) return known.data;
  if (typeof changes !== 'object' || changes === null || Array.isArray(changes)) return { changes: [null, changes] };
  return Object.fromEntries(
    Object.entries(changes).map(([field, value]) => [field, changeShape.safeParse(value).data ?? [null, value]]),
  );
}
