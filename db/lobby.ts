import { sql } from 'drizzle-orm';
import {
  boolean,
  check,
  customType,
  index,
  integer,
  jsonb,
  PgSchema,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import type { RoleName, SchemaName, Slug } from '../core/slug.ts';

// Drizzle writes plain tables without a schema name, and the lobby's must be found under any search_path, so they are
// made by the class: the function `pgSchema` refuses this one name.
const lobby = new PgSchema('public');

const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' });
const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
const createdAt = () => time('created_at').notNull().defaultNow();

export type Role = 'admin' | 'member';
export const TENANT_STATUSES = ['provisioning', 'ready', 'failed', 'migrating', 'suspended', 'deleted'] as const;
export type TenantStatus = (typeof TENANT_STATUSES)[number];
export type Outcome = 'success' | 'failure' | 'denied';
export type ActorType = 'user' | 'apiKey' | 'system' | 'anonymous';
export type Changes = Record<string, [before: unknown, after: unknown]>;

/** People. A row exists only once its e-mail is proven. */
export const users = lobby.table('users', {
  id: uuid().primaryKey(),
  email: text().notNull().unique('users_email_key'),
  fullName: text('full_name').notNull(),
  passwordHash: text('password_hash').notNull(),
  isSuperuser: boolean('is_superuser').notNull().default(false),
  disabledAt: time('disabled_at'),
  createdAt: createdAt(),
  updatedAt: time('updated_at').notNull().defaultNow(),
});

/** Tenants, from the moment a slug is taken. `schema_name` and `db_role` never change. */
export const tenants = lobby.table(
  'tenants',
  {
    id: uuid().primaryKey(),
    slug: text().$type<Slug>().notNull().unique('tenants_slug_key'),
    name: text().notNull(),
    status: text({ enum: TENANT_STATUSES }).notNull().default('provisioning'),
    schemaName: text('schema_name').$type<SchemaName>().notNull().unique('tenants_schema_name_key'),
    dbRole: text('db_role').$type<RoleName>().notNull().unique('tenants_db_role_key'),
    schemaVersion: integer('schema_version').notNull().default(0),
    provisioningStep: text('provisioning_step'),
    provisioningError: text('provisioning_error'),
    allowAssumedIdentity: boolean('allow_assumed_identity').notNull().default(true),
    createdAt: createdAt(),
    updatedAt: time('updated_at').notNull().defaultNow(),
  },
  (table) => [
    check(
      'tenants_status_check',
      sql`${table.status} in ('provisioning', 'ready', 'failed', 'migrating', 'suspended', 'deleted')`,
    ),
  ],
);

/** Who belongs to which tenant, and as what. */
export const memberships = lobby.table(
  'user_tenant_membership',
  {
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    tenantId: uuid('tenant_id')
      .notNull()
      .references(() => tenants.id, { onDelete: 'cascade' }),
    role: text({ enum: ['admin', 'member'] }).notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ name: 'user_tenant_membership_pkey', columns: [table.userId, table.tenantId] }),
    index('user_tenant_membership_tenant_id_idx').on(table.tenantId),
    check('user_tenant_membership_role_check', sql`${table.role} in ('admin', 'member')`),
  ],
);

/** Registrations whose e-mail is not proven yet. Each keeps its own password and name, so nobody can claim another's. */
export const signUps = lobby.table(
  'sign_ups',
  {
    id: uuid().primaryKey(),
    email: text().notNull(),
    fullName: text('full_name').notNull(),
    passwordHash: text('password_hash').notNull(),
    tenantId: uuid('tenant_id')
      .notNull()
      .references(() => tenants.id, { onDelete: 'cascade' }),
    /** The id that the link in the newest mail names. */
    verificationId: uuid('verification_id').notNull().unique('sign_ups_verification_id_key'),
    verificationExpiresAt: time('verification_expires_at').notNull(),
    verifiedAt: time('verified_at'),
    voidedAt: time('voided_at'),
    createdAt: createdAt(),
  },
  (table) => [
    index('sign_ups_email_idx').on(table.email, table.createdAt),
    index('sign_ups_tenant_id_idx').on(table.tenantId),
  ],
);

/** Logins. Ending one ends its access tokens with the next request. */
export const sessions = lobby.table(
  'sessions',
  {
    id: uuid().primaryKey(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    userAgent: text('user_agent'),
    ipAddress: text('ip_address'),
    createdAt: createdAt(),
    lastSeenAt: time('last_seen_at').notNull().defaultNow(),
    expiresAt: time('expires_at').notNull(),
    revokedAt: time('revoked_at'),
  },
  (table) => [index('sessions_user_id_idx').on(table.userId)],
);

/** The chain of refresh tokens of each session: at most one is unused. */
export const refreshTokens = lobby.table(
  'refresh_tokens',
  {
    id: uuid().primaryKey(),
    sessionId: uuid('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    tenantId: uuid('tenant_id').references(() => tenants.id, { onDelete: 'cascade' }),
    tokenHash: bytea('token_hash').notNull().unique('refresh_tokens_token_hash_key'),
    /** The next token, encrypted under a key made from this one; kept for the grace period. */
    successor: bytea(),
    usedAt: time('used_at'),
    expiresAt: time('expires_at').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    index('refresh_tokens_session_id_idx').on(table.sessionId),
    index('refresh_tokens_tenant_id_idx').on(table.tenantId),
  ],
);

export const invites = lobby.table(
  'invites',
  {
    id: uuid().primaryKey(),
    tenantId: uuid('tenant_id')
      .notNull()
      .references(() => tenants.id, { onDelete: 'cascade' }),
    email: text().notNull(),
    role: text({ enum: ['admin', 'member'] }).notNull(),
    invitedBy: uuid('invited_by').references(() => users.id, { onDelete: 'set null' }),
    expiresAt: time('expires_at').notNull(),
    acceptedAt: time('accepted_at'),
    revokedAt: time('revoked_at'),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex('invites_one_pending_idx')
      .on(table.tenantId, table.email)
      .where(sql`${table.acceptedAt} is null and ${table.revokedAt} is null`),
    check('invites_role_check', sql`${table.role} in ('admin', 'member')`),
  ],
);

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
