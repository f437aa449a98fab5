import { sql } from 'drizzle-orm';
import { check, index, smallint, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { time } from '../time.ts';
import { bytea, createdAt, lobby, possible } from './columns.ts';
import { ROLES, tenants, users } from './tenancy.ts';

export const MODES = ['read', 'write'] as const;
/** What an assumed identity may do. */
export type Mode = (typeof MODES)[number];

/** Sign-ups. Each has its own password and name, so that nobody can take over another one of the same address. */
export const signUps = lobby.table(
  'sign_ups',
  {
    id: uuid().primaryKey(),
    email: text().notNull(),
    fullName: text('full_name').notNull(),
    /** Erased when the sign-up is verified. A voided sign-up keeps it, so that its logins get the same answer as before. */
    passwordHash: text('password_hash'),
    tenantId: uuid('tenant_id')
      .notNull()
      .references(() => tenants.id, { onDelete: 'cascade' }),
    /** Eight bits of a keyed digest of the password, by which a login selects a sign-up. See core/auth/password-tag.ts. */
    passwordTag: smallint('password_tag'),
    /** The id in the link of the newest mail. */
    verificationId: uuid('verification_id').notNull().unique('sign_ups_verification_id_key'),
    verificationExpiresAt: time('verification_expires_at').notNull(),
    verifiedAt: time('verified_at'),
    voidedAt: time('voided_at'),
    createdAt: createdAt(),
  },
  (table) => [
    index('sign_ups_email_idx').on(table.email, table.createdAt),
    index('sign_ups_tenant_id_idx').on(table.tenantId),
    check('sign_ups_password_hash_check', sql`(password_hash is null) = (verified_at is not null)`),
    check('sign_ups_password_tag_check', sql`password_tag is null or verified_at is null`),
  ],
);

/** Logins. When a session ends, the next request with one of its access tokens is refused. */
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

/** The refresh tokens of each session. At most one of them can be used for longer than the grace period. */
export const refreshTokens = lobby.table(
  'refresh_tokens',
  {
    id: uuid().primaryKey(),
    sessionId: uuid('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    tenantId: uuid('tenant_id').references(() => tenants.id, { onDelete: 'cascade' }),
    tokenHash: bytea('token_hash').notNull().unique('refresh_tokens_token_hash_key'),
    /** The next token, encrypted with a key derived from this one. It is kept for the grace period. */
    successor: bytea(),
    usedAt: time('used_at'),
    /** When another token replaced this one. Tokens that it is exchanged for expire with it. */
    retiredAt: time('retired_at'),
    expiresAt: time('expires_at').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    index('refresh_tokens_session_id_idx').on(table.sessionId),
    index('refresh_tokens_tenant_id_idx').on(table.tenantId),
    // Only the few rows whose successor must be erased.
    index('refresh_tokens_successor_idx')
      .on(table.usedAt)
      .where(sql`successor is not null`),
  ],
);

/** Invites to a tenant. */
export const invites = lobby.table(
  'invites',
  {
    id: uuid().primaryKey(),
    tenantId: uuid('tenant_id')
      .notNull()
      .references(() => tenants.id, { onDelete: 'cascade' }),
    email: text().notNull(),
    role: text({ enum: ROLES }).notNull(),
    invitedBy: uuid('invited_by').references(() => users.id, { onDelete: 'set null' }),
    expiresAt: time('expires_at').notNull(),
    acceptedAt: time('accepted_at'),
    revokedAt: time('revoked_at'),
    createdAt: createdAt(),
  },
  (table) => [
    index('invites_invited_by_idx').on(table.invitedBy),
    uniqueIndex('invites_one_pending_idx')
      .on(table.tenantId, table.email)
      .where(sql`${table.acceptedAt} is null and ${table.revokedAt} is null`),
    check('invites_role_check', sql`${table.role} in ('admin', 'member')`),
  ],
);

/** API keys for programs. Only the hash of a key is stored. */
export const apiKeys = lobby.table(
  'api_keys',
  {
    id: uuid().primaryKey(),
    tenantId: uuid('tenant_id')
      .notNull()
      .references(() => tenants.id, { onDelete: 'cascade' }),
    name: text().notNull(),
    role: text({ enum: ROLES }).notNull(),
    /** The first characters of the key, by which people recognize it. */
    prefix: text().notNull(),
    keyHash: bytea('key_hash').notNull().unique('api_keys_key_hash_key'),
    /** A key stays valid when the account of its creator is deleted. */
    createdBy: uuid('created_by').references(() => users.id, { onDelete: 'set null' }),
    expiresAt: time('expires_at').notNull(),
    lastUsedAt: time('last_used_at'),
    revokedAt: time('revoked_at'),
    createdAt: createdAt(),
  },
  (table) => [
    index('api_keys_tenant_id_idx').on(table.tenantId),
    check('api_keys_role_check', sql`${table.role} in ('admin', 'member')`),
  ],
);

/** Operators who act as members of a tenant. */
export const assumedIdentities = lobby.table(
  'assumed_identities',
  {
    id: uuid().primaryKey(),
    tenantId: uuid('tenant_id')
      .notNull()
      .references(() => tenants.id, { onDelete: 'cascade' }),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    operatorId: uuid('operator_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** The assumed identity ends with this session. */
    operatorSessionId: uuid('operator_session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    reason: text().notNull(),
    mode: text({ enum: MODES }).notNull(),
    expiresAt: time('expires_at').notNull(),
    endedAt: time('ended_at'),
    createdAt: createdAt(),
  },
  (table) => [
    index('assumed_identities_tenant_id_idx').on(table.tenantId),
    index('assumed_identities_user_id_idx').on(table.userId),
    index('assumed_identities_operator_id_idx').on(table.operatorId),
    index('assumed_identities_operator_session_id_idx').on(table.operatorSessionId),
    // Finds the rows that may be live.
    index('assumed_identities_expires_at_idx').on(table.expiresAt),
    check('assumed_identities_expires_at_check', possible('expires_at')),
    check('assumed_identities_ended_at_check', possible('ended_at')),
    check('assumed_identities_created_at_check', possible('created_at')),
    check('assumed_identities_mode_check', sql`${table.mode} in ('read', 'write')`),
  ],
);

/**
 * Mails that someone requested with an address alone. A row is created whether or not the address has an account. Only the
 * worker checks that, so that neither the response nor its time reveals it. The token of a reset has the id of its row.
 */
export const mailRequests = lobby.table(
  'mail_requests',
  {
    id: uuid().primaryKey(),
    kind: text({ enum: ['verify-email', 'reset-password'] }).notNull(),
    email: text().notNull(),
    expiresAt: time('expires_at').notNull(),
    usedAt: time('used_at'),
    createdAt: createdAt(),
  },
  (table) => [
    index('mail_requests_email_idx').on(table.email),
    check('mail_requests_kind_check', sql`${table.kind} in ('verify-email', 'reset-password')`),
  ],
);
