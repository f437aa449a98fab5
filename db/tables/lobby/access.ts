import { sql } from 'drizzle-orm';
import { check, index, smallint, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { time } from '../time.ts';
import { bytea, createdAt, lobby, possible } from './columns.ts';
import { ROLES, tenants, users } from './tenancy.ts';

export const MODES = ['read', 'write'] as const;
/** What an assumed identity may do. */
export type Mode = (typeof MODES)[number];

/** Registrations whose e-mail is not proven yet. Each keeps its own password and name, so nobody can claim another's. */
export const signUps = lobby.table(
  'sign_ups',
  {
    id: uuid().primaryKey(),
    email: text().notNull(),
    fullName: text('full_name').notNull(),
    /** Erased once the sign-up is an account. A voided one keeps it to its end: its absence would tell of the other. */
    passwordHash: text('password_hash'),
    tenantId: uuid('tenant_id')
      .notNull()
      .references(() => tenants.id, { onDelete: 'cascade' }),
    /** Eight bits of a keyed digest of the password, by which a login finds the sign-up that it may be for. */
    passwordTag: smallint('password_tag'),
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
    check('sign_ups_password_hash_check', sql`(password_hash is null) = (verified_at is not null)`),
    check('sign_ups_password_tag_check', sql`password_tag is null or verified_at is null`),
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

/** The refresh tokens of each session: a chain, in which at most one may still be used for long. */
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
    /** Since when the session goes on by another: what comes of this token lives no longer than itself. */
    retiredAt: time('retired_at'),
    expiresAt: time('expires_at').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    index('refresh_tokens_session_id_idx').on(table.sessionId),
    index('refresh_tokens_tenant_id_idx').on(table.tenantId),
    // The few that are to be erased.
    index('refresh_tokens_successor_idx')
      .on(table.usedAt)
      .where(sql`successor is not null`),
  ],
);

/** Who was asked into a tenant. */
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

/** Keys of callers that are no people. The key itself is kept by nobody here. */
export const apiKeys = lobby.table(
  'api_keys',
  {
    id: uuid().primaryKey(),
    tenantId: uuid('tenant_id')
      .notNull()
      .references(() => tenants.id, { onDelete: 'cascade' }),
    name: text().notNull(),
    role: text({ enum: ROLES }).notNull(),
    /** How the key begins, for people to know it by. */
    prefix: text().notNull(),
    keyHash: bytea('key_hash').notNull().unique('api_keys_key_hash_key'),
    /** A key outlives its maker. */
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

/** Operators acting as members of a tenant, and why. */
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
    /** It ends with the session that it was begun in. */
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
    // Those that may be live.
    index('assumed_identities_expires_at_idx').on(table.expiresAt),
    check('assumed_identities_expires_at_check', possible('expires_at')),
    check('assumed_identities_ended_at_check', possible('ended_at')),
    check('assumed_identities_created_at_check', possible('created_at')),
    check('assumed_identities_mode_check', sql`${table.mode} in ('read', 'write')`),
  ],
);

/**
 * Mails that someone asked for by an address alone. A row is made whether or not anybody has the address: only the
 * worker looks, so that neither the answer nor its time tells. The row of a reset is also what its token names.
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
