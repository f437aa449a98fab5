import { sql } from 'drizzle-orm';
import { boolean, check, index, integer, jsonb, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import type { RoleName, SchemaName, Slug } from '../../../core/tenancy/slug-format.ts';
import { time } from '../time.ts';
import { createdAt, lobby } from './columns.ts';

export const ROLES = ['admin', 'member'] as const;
export type Role = (typeof ROLES)[number];
export const TENANT_STATUSES = ['provisioning', 'ready', 'failed', 'migrating', 'suspended', 'deleted'] as const;
export type TenantStatus = (typeof TENANT_STATUSES)[number];

/** Accounts of people. A row is created when the address is verified. */
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

/** Tenants. A row is created when the slug is taken, before provisioning. `schema_name` and `db_role` never change. */
export const tenants = lobby.table(
  'tenants',
  {
    id: uuid().primaryKey(),
    slug: text().$type<Slug>().notNull().unique('tenants_slug_key'),
    name: text().notNull(),
    status: text({ enum: TENANT_STATUSES }).notNull().default('provisioning'),
    schemaName: text('schema_name').$type<SchemaName>().notNull().unique('tenants_schema_name_key'),
    dbRole: text('db_role').$type<RoleName>().notNull().unique('tenants_db_role_key'),
    /** The sum of Atrium's and the product's versions. */
    schemaVersion: integer('schema_version').notNull().default(0),
    atriumVersion: integer('atrium_version').notNull().default(0),
    productVersion: integer('product_version').notNull().default(0),
    /** The version of each extension, by its name. */
    extensionVersions: jsonb('extension_versions').$type<Record<string, number>>().notNull().default({}),
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

/** The members of each tenant and their roles. */
export const memberships = lobby.table(
  'user_tenant_membership',
  {
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    tenantId: uuid('tenant_id')
      .notNull()
      .references(() => tenants.id, { onDelete: 'cascade' }),
    role: text({ enum: ROLES }).notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ name: 'user_tenant_membership_pkey', columns: [table.userId, table.tenantId] }),
    index('user_tenant_membership_tenant_id_idx').on(table.tenantId),
    check('user_tenant_membership_role_check', sql`${table.role} in ('admin', 'member')`),
  ],
);

/** Former slugs of each tenant. No other tenant can take them while the tenant exists. */
export const formerSlugs = lobby.table(
  'former_slugs',
  {
    slug: text().$type<Slug>().primaryKey(),
    tenantId: uuid('tenant_id')
      .notNull()
      .references(() => tenants.id, { onDelete: 'cascade' }),
    createdAt: createdAt(),
  },
  (table) => [index('former_slugs_tenant_id_idx').on(table.tenantId)],
);
