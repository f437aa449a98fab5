import { sql, type SQL } from 'drizzle-orm';
import { bigint, check, index, integer, jsonb, primaryKey, text, unique, uuid } from 'drizzle-orm/pg-core';
import { time } from '../time.ts';
import { bytea, createdAt, lobby, possible } from './columns.ts';

/** Places that JavaScript can count to, with one to spare. */
function countable(column: string): SQL {
  return sql.raw(`${column} between 0 and 9007199254740990`);
}

/** UUIDs as every reader takes them: RFC 9562. */
function readable(column: string): SQL {
  return sql.raw(`${column}::text ~ '^.{14}[1-8].{4}[89ab]'`);
}

export const OUTCOMES = ['success', 'failure', 'denied'] as const;
export const ACTOR_TYPES = ['user', 'apiKey', 'system', 'anonymous'] as const;
export type Outcome = (typeof OUTCOMES)[number];
export type ActorType = (typeof ACTOR_TYPES)[number];
export type Changes = Record<string, [before: unknown, after: unknown]>;

/**
 * What was done, by whom. Rows are only ever added. No foreign keys: a row outlives all that it names. In PostgreSQL it
 * is partitioned by month, which drizzle-kit has no word for.
 */
export const auditLogs = lobby.table(
  'audit_logs',
  {
    id: uuid().notNull(),
    tenantId: uuid('tenant_id'),
    action: text().notNull(),
    entityType: text('entity_type').notNull(),
    entityId: text('entity_id'),
    actorType: text('actor_type', { enum: ACTOR_TYPES }).notNull(),
    actorId: uuid('actor_id'),
    operatorId: uuid('operator_id'),
    outcome: text({ enum: OUTCOMES }).notNull(),
    ipAddress: text('ip_address'),
    userAgent: text('user_agent'),
    requestId: text('request_id'),
    changes: jsonb().$type<Changes>().notNull().default({}),
    createdAt: createdAt(),
  },
  (table) => [
    // A partitioned table's key holds what it is partitioned by.
    primaryKey({ columns: [table.id, table.createdAt] }),
    index('audit_logs_tenant_id_id_idx').on(table.tenantId, table.id),
    index('audit_logs_entity_idx').on(table.tenantId, table.entityType, table.entityId),
    index('audit_logs_action_idx').on(table.tenantId, table.action, table.id),
    index('audit_logs_actor_idx').on(table.actorId, table.id),
    // Few of all, and what is looked for.
    index('audit_logs_outcome_idx')
      .on(table.tenantId, table.id)
      .where(sql`outcome <> 'success'`),
    index('audit_logs_operator_idx')
      .on(table.operatorId, table.id)
      .where(sql`operator_id is not null`),
    check('audit_logs_created_at_check', possible('created_at')),
    // A tenant's role adds rows too. Each must be one that every reader can show and the sealer can read.
    check('audit_logs_id_check', readable('id')),
    check('audit_logs_actor_id_check', readable('actor_id')),
    check('audit_logs_operator_id_check', readable('operator_id')),
    check(
      'audit_logs_action_check',
      sql`length(action) <= 100 and action ~ '^[a-zA-Z][a-zA-Z0-9_-]*([.][a-zA-Z0-9_-]+)+$'`,
    ),
    check('audit_logs_entity_type_check', sql`octet_length(entity_type) <= 100`),
    check('audit_logs_entity_id_check', sql`octet_length(entity_id) <= 1000`),
    check('audit_logs_actor_type_check', sql`actor_type in ('user', 'apiKey', 'system', 'anonymous')`),
    check('audit_logs_outcome_check', sql`outcome in ('success', 'failure', 'denied')`),
    check('audit_logs_ip_address_check', sql`octet_length(ip_address) <= 100`),
    // The server cuts it after 300 characters.
    check('audit_logs_user_agent_check', sql`octet_length(user_agent) <= 1200`),
    check('audit_logs_request_id_check', sql`octet_length(request_id) <= 200`),
    // Silent, so that a value that is no object is refused and does not fail the path. A body has at most 1 MiB.
    check(
      'audit_logs_changes_check',
      sql`octet_length(changes::text) <= 1048576 and jsonb_typeof(changes) = 'object' and not jsonb_path_exists(changes, 'strict $.* ? (@.type() != "array" || @.size() != 2)', '{}', true)`,
    ),
  ],
);

/**
 * The seal of each row of the log, in the order of sealing. One chain for each tenant, called by its id, and one for the
 * platform, called by the nil UUID. Rows are only ever added, and those of dropped months taken away.
 */
export const auditSeals = lobby.table(
  'audit_seals',
  {
    chain: uuid().notNull(),
    /** 1, 2, 3, … */
    sequence: bigint({ mode: 'number' }).notNull(),
    auditId: uuid('audit_id').notNull(),
    auditCreatedAt: time('audit_created_at').notNull(),
    /** HMAC over the row. Apart from the seal, so that the chain can be followed where rows are gone. */
    rowMac: bytea('row_mac').notNull(),
    /** HMAC over all of the above and the seal before. */
    seal: bytea().notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.chain, table.sequence] }),
    unique('audit_seals_audit_key').on(table.auditId, table.auditCreatedAt),
    check('audit_seals_audit_created_at_check', possible('audit_created_at')),
    check('audit_seals_created_at_check', possible('created_at')),
    check('audit_seals_sequence_check', countable('sequence')),
  ],
);

/** Where each chain ends and, once its oldest months are dropped, begins. */
export const auditChains = lobby.table(
  'audit_chains',
  {
    chain: uuid().primaryKey(),
    /** Of the newest seal. */
    sequence: bigint({ mode: 'number' }).notNull(),
    auditId: uuid('audit_id').notNull(),
    seal: bytea().notNull(),
    /** HMAC over the end: who takes the newest rows and seals away can't make that of an earlier one. */
    endMac: bytea('end_mac').notNull(),
    /** The newest seal that was taken away; 0 where none was. */
    startSequence: bigint('start_sequence', { mode: 'number' }).notNull().default(0),
    startAuditId: uuid('start_audit_id'),
    startSeal: bytea('start_seal'),
    /** Rows of before this time may be gone. */
    droppedBefore: time('dropped_before'),
    /** HMAC over the start: the checkpoint. */
    startMac: bytea('start_mac'),
  },
  () => [
    check('audit_chains_sequence_check', countable('sequence')),
    check('audit_chains_start_sequence_check', countable('start_sequence')),
  ],
);

/** Rows that wait for their seal. A trigger writes it, so that nothing has to look for them. */
export const auditUnsealed = lobby.table(
  'audit_unsealed',
  { chain: uuid().notNull(), auditId: uuid('audit_id').notNull(), createdAt: time('created_at').notNull() },
  (table) => [
    primaryKey({ columns: [table.createdAt, table.auditId] }),
    index('audit_unsealed_turns_idx').on(table.chain, table.createdAt, table.auditId),
    check('audit_unsealed_created_at_check', possible('created_at')),
  ],
);

/**
 * What the worker is to do, written in the transaction that causes it. A row is deleted once a workflow has it. Whoever
 * queues may write the first four columns; the rest is the database's and the worker's.
 */
export const outbox = lobby.table(
  'outbox',
  {
    id: uuid().primaryKey(),
    tenantId: uuid('tenant_id'),
    kind: text().notNull(),
    payload: jsonb().notNull(),
    createdAt: createdAt(),
    /** How often the worker failed to start its workflow. */
    attempts: integer().notNull().default(0),
    /** The order in which a tenant's rows are taken. */
    nextAttemptAt: time('next_attempt_at').notNull().defaultNow(),
    lastError: text('last_error'),
    /** Since when the row waits for an operator: no worker can do anything with it. */
    setAsideAt: time('set_aside_at'),
  },
  (table) => [
    index('outbox_turns_idx')
      .on(sql`coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'::uuid)`, table.nextAttemptAt, table.id)
      .where(sql`set_aside_at is null`),
    check('outbox_kind_check', sql`length(kind) <= 64 and kind ~ '^[a-z][a-zA-Z0-9_]*([.][a-zA-Z0-9_]+)+$'`),
    check('outbox_payload_check', sql`jsonb_typeof(payload) = 'object' and octet_length(payload::text) <= 8192`),
  ],
);
