import { index, jsonb, text, uuid } from 'drizzle-orm/pg-core';
import { createdAt, lobby } from './columns.ts';

export type Outcome = 'success' | 'failure' | 'denied';
export type ActorType = 'user' | 'apiKey' | 'system' | 'anonymous';
export type Changes = Record<string, [before: unknown, after: unknown]>;

/** What was done, by whom. Rows are only ever added. No foreign keys: a row outlives all that it names. */
export const auditLogs = lobby.table(
  'audit_logs',
  {
    id: uuid().primaryKey(),
    tenantId: uuid('tenant_id'),
    action: text().notNull(),
    entityType: text('entity_type').notNull(),
    entityId: text('entity_id'),
    actorType: text('actor_type', { enum: ['user', 'apiKey', 'system', 'anonymous'] }).notNull(),
    actorId: uuid('actor_id'),
    operatorId: uuid('operator_id'),
    outcome: text({ enum: ['success', 'failure', 'denied'] }).notNull(),
    ipAddress: text('ip_address'),
    userAgent: text('user_agent'),
    requestId: text('request_id'),
    changes: jsonb().$type<Changes>().notNull().default({}),
    createdAt: createdAt(),
  },
  (table) => [
    index('audit_logs_tenant_id_id_idx').on(table.tenantId, table.id),
    index('audit_logs_entity_idx').on(table.tenantId, table.entityType, table.entityId),
    index('audit_logs_action_idx').on(table.tenantId, table.action, table.id),
    index('audit_logs_actor_idx').on(table.actorId, table.id),
  ],
);

/** What the worker is to do, written in the transaction that causes it. A row is deleted once a workflow has it. */
export const outbox = lobby.table('outbox', {
  /** UUIDv7, so the order of writing, near enough: rows are relayed by it. */
  id: uuid().primaryKey(),
  tenantId: uuid('tenant_id'),
  kind: text().notNull(),
  payload: jsonb().notNull(),
  createdAt: createdAt(),
});
