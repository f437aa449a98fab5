import { sql, type SQL } from 'drizzle-orm';
import { bigint, check, index, integer, jsonb, primaryKey, text, unique, uuid } from 'drizzle-orm/pg-core';
import { time } from '../time.ts';
import { bytea, createdAt, lobby, possible } from './columns.ts';

/** A check in SQL that JavaScript can represent a sequence and the next one exactly. */
function countable(column: string): SQL {
  return sql.raw(`${column} between 0 and 9007199254740990`);
}

/** A check in SQL that a UUID has a version and variant of RFC 9562, which the API requires. */
function readable(column: string): SQL {
  return sql.raw(`${column}::text ~ '^.{14}[1-8].{4}[89ab]'`);
}

export const OUTCOMES = ['success', 'failure', 'denied'] as const;
export const ACTOR_TYPES = ['user', 'apiKey', 'system', 'anonymous'] as const;
export type Outcome = (typeof OUTCOMES)[number];
export type ActorType = (typeof ACTOR_TYPES)[number];
export type Changes = Record<string, [before: unknown, after: unknown]>;

/**
 * The audit logs. Rows are only added. There are no foreign keys, since a row outlives everything that it refers to. The
 * table is partitioned by month, which drizzle-kit can't express.
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
    // The primary key of a partitioned table must include the partition key.
    primaryKey({ columns: [table.id, table.createdAt] }),
    index('audit_logs_tenant_id_id_idx').on(table.tenantId, table.id),
    index('audit_logs_entity_idx').on(table.tenantId, table.entityType, table.entityId),
    index('audit_logs_action_idx').on(table.tenantId, table.action, table.id),
    index('audit_logs_actor_idx').on(table.actorId, table.id),
    // A partial index, since few rows failed and these are often searched for.
    index('audit_logs_outcome_idx')
      .on(table.tenantId, table.id)
      .where(sql`outcome <> 'success'`),
    index('audit_logs_operator_idx')
      .on(table.operatorId, table.id)
      .where(sql`operator_id is not null`),
    check('audit_logs_created_at_check', possible('created_at')),
    // A tenant's role may add rows too. The checks ensure that the API can show each row and that the sealer can read it.
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
    // The server cuts the user agent after 300 characters, which have at most 1200 bytes.
    check('audit_logs_user_agent_check', sql`octet_length(user_agent) <= 1200`),
    check('audit_logs_request_id_check', sql`octet_length(request_id) <= 200`),
    // The path is silent, so that a value that is not an object violates the check instead of raising an error. The limit is
    // that of a request body, 1 MiB.
    check(
      'audit_logs_changes_check',
      sql`octet_length(changes::text) <= 1048576 and jsonb_typeof(changes) = 'object' and not jsonb_path_exists(changes, 'strict $.* ? (@.type() != "array" || @.size() != 2)', '{}', true)`,
    ),
  ],
);

/**
 * The seals of the audit rows, in the order of sealing. Each tenant has a chain with the tenant's id, and the platform has
 * one with the nil UUID. Rows are only added, and deleted with dropped months.
 */
export const auditSeals = lobby.table(
  'audit_seals',
  {
    chain: uuid().notNull(),
    /** Starts at 1 in each chain. */
    sequence: bigint({ mode: 'number' }).notNull(),
    auditId: uuid('audit_id').notNull(),
    auditCreatedAt: time('audit_created_at').notNull(),
    /** HMAC over the row. It is separate from the seal, so that the chain can be verified without dropped rows. */
    rowMac: bytea('row_mac').notNull(),
    /** HMAC over the columns above, `created_at` and the previous seal. */
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

/** The end of each chain and, after its oldest months are dropped, its start. */
export const auditChains = lobby.table(
  'audit_chains',
  {
    chain: uuid().primaryKey(),
    /** The sequence of the newest seal. */
    sequence: bigint({ mode: 'number' }).notNull(),
    auditId: uuid('audit_id').notNull(),
    seal: bytea().notNull(),
    /** HMAC over the end. Without the key nobody can delete the newest rows and seals and sign an earlier end. */
    endMac: bytea('end_mac').notNull(),
    /** The sequence of the newest seal that was deleted; 0 if none was. */
    startSequence: bigint('start_sequence', { mode: 'number' }).notNull().default(0),
    startAuditId: uuid('start_audit_id'),
    startSeal: bytea('start_seal'),
    /** Rows older than this time may be missing. */
    droppedBefore: time('dropped_before'),
    /** HMAC over the start: the checkpoint. */
    startMac: bytea('start_mac'),
  },
  () => [
    check('audit_chains_sequence_check', countable('sequence')),
    check('audit_chains_start_sequence_check', countable('start_sequence')),
  ],
);

/** Audit rows that wait for their seal. A trigger adds them, so that the sealer need not search for them. */
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
 * Work for the worker, queued in the transaction that causes it. A row is deleted when its workflow has started. Roles that
 * queue may write only the first four columns. The database and the worker write the others.
 */
export const outbox = lobby.table(
  'outbox',
  {
    id: uuid().primaryKey(),
    tenantId: uuid('tenant_id'),
    kind: text().notNull(),
    payload: jsonb().notNull(),
    createdAt: createdAt(),
    /** How often starting its workflow has failed. */
    attempts: integer().notNull().default(0),
    /** The order in which a tenant's rows are taken. */
    nextAttemptAt: time('next_attempt_at').notNull().defaultNow(),
    lastError: text('last_error'),
    /** When the row was set aside for an operator, because no worker can relay it. */
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
