import { z } from 'zod';

/** A tenant's name in links and headers, as in `acme-labs`. */
export type Slug = string & z.$brand<'Slug'>;
/** The name of a tenant's PostgreSQL schema, as in `tenant_acme_labs`. */
export type SchemaName = string & z.$brand<'SchemaName'>;
/** The name of a tenant's PostgreSQL role, as in `t_0190f7c2-…`. It has the id, since roles are shared by all databases. */
export type RoleName = string & z.$brand<'RoleName'>;

const SLUG = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** Words that could be confused with something else in a path, in a host name or by an operator. */
const RESERVED = new Set([
  'admin',
  'api',
  'assets',
  'atrium',
  'auth',
  'current',
  'docs',
  'health',
  'information-schema',
  'internal',
  'localhost',
  'lobby',
  'mail',
  'metrics',
  'pg',
  'postgres',
  'public',
  'root',
  'static',
  'superuser',
  'support',
  'system',
  'template',
  'tenant',
  'tenants',
  'trpc',
  'www',
]);

/** A slug: 3–48 characters of `a-z`, `0-9` and single inner hyphens. It begins with a letter and is not reserved. */
export const slugSchema = z
  .string()
  .min(3, 'must be 3 to 48 characters long')
  .max(48, 'must be 3 to 48 characters long')
  .regex(SLUG, 'must be lower-case letters, digits and single hyphens, begin with a letter and not end with a hyphen')
  .refine((slug) => !RESERVED.has(slug) && !slug.startsWith('pg-'), 'is reserved; choose another slug')
  .brand<'Slug'>();

/** Parses a slug where a malformed one is treated as an unknown one, as in a header. @returns `undefined` if malformed */
export function parseSlug(value: string): Slug | undefined {
  const parsed = slugSchema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/** PostgreSQL cuts identifiers at 63 bytes, so a longer name could be the name of another tenant's schema. */
const schemaNameSchema = z
  .string()
  .max(63)
  .regex(/^tenant_[a-z][a-z0-9_]*$/)
  .brand<'SchemaName'>();

const roleNameSchema = z
  .string()
  .regex(/^t_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  .brand<'RoleName'>();

/** The schema name for a new tenant. It is stored, and does not change with the slug. */
export function schemaNameOf(slug: Slug): SchemaName {
  return schemaNameSchema.parse(`tenant_${slug.replaceAll('-', '_')}`);
}

export function roleNameOf(tenantId: string): RoleName {
  return roleNameSchema.parse(`t_${tenantId}`);
}
