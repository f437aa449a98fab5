import { z } from 'zod';

/** A tenant's name in links and headers, as in `acme-labs`. */
export type Slug = string & z.$brand<'Slug'>;
/** The name of a tenant's PostgreSQL schema, as in `tenant_acme_labs`. */
export type SchemaName = string & z.$brand<'SchemaName'>;
/** The name of a tenant's PostgreSQL role, as in `t_0190f7c2-…`. Made from the id: roles are cluster-wide, slugs are not. */
export type RoleName = string & z.$brand<'RoleName'>;

const SLUG = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** Words that a path, a host name or an operator's eye could take for something else. */
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

/** The one validator of slugs: 3–48 characters of `a-z`, `0-9` and single inner hyphens, a letter first, not reserved. */
export const slugSchema = z
  .string()
  .min(3, 'must be 3 to 48 characters long')
  .max(48, 'must be 3 to 48 characters long')
  .regex(SLUG, 'must be lower-case letters, digits and single hyphens, begin with a letter and not end with a hyphen')
  .refine((slug) => !RESERVED.has(slug) && !slug.startsWith('pg-'), 'is reserved; choose another slug')
  .brand<'Slug'>();

/** Reads a slug from outside where a malformed one is no more than an unknown one, as in a header. */
export function parseSlug(value: string): Slug | undefined {
  const parsed = slugSchema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/** PostgreSQL cuts identifiers at 63 bytes, so a longer one would silently be another tenant's. */
const schemaNameSchema = z
  .string()
  .max(63)
  .regex(/^tenant_[a-z][a-z0-9_]*$/)
  .brand<'SchemaName'>();

const roleNameSchema = z
  .string()
  .regex(/^t_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  .brand<'RoleName'>();

/** The schema that a tenant gets at its creation. It is stored then, and stays when the slug changes. */
export function schemaNameOf(slug: Slug): SchemaName {
  return schemaNameSchema.parse(`tenant_${slug.replaceAll('-', '_')}`);
}

export function roleNameOf(tenantId: string): RoleName {
  return roleNameSchema.parse(`t_${tenantId}`);
}
