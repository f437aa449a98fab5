import { productTags } from '../../routers/product/index.ts';
import type { RestProcedure } from '../rest/mount.ts';

/** The descriptions of the tags, in the order of the document. */
const TAGS: Record<string, string> = {
  auth: 'Signing up, logging in, sessions and passwords',
  users: 'The authenticated user',
  tenants: 'Tenants and the progress of their provisioning',
  members: 'The members of a tenant and their roles',
  invites: 'Invites to join a tenant',
  ...productTags,
  audit: "The tenant's audit log",
  'api-keys': 'API keys, with which programs access one tenant',
  admin: 'For platform operators',
};

/** Returns the tags that are used, with their descriptions. A tag without a description here has only its name. */
export function tagsOf(used: ReadonlySet<string>): { name: string; description?: string }[] {
  const known = Object.keys(TAGS).filter((name) => used.has(name));
  return [...new Set([...known, ...used])].map((name) => {
    const description = TAGS[name];
    return description === undefined ? { name } : { name, description };
  });
}

const CALLERS: Record<NonNullable<RestProcedure['meta']['access']>, string> = {
  public: 'Anyone can call this operation.',
  user: 'Any user with an access token can call this operation.',
  member: 'Members of the tenant in `X-Tenant-Slug` can call this operation with an access token for that tenant.',
  admin: 'Admins of the tenant in `X-Tenant-Slug` can call this operation with an access token for that tenant.',
  superuser: 'Platform operators can call this operation.',
};

/**
 * Describes who may call an operation, and names its tRPC procedure.
 * @param path the path of the procedure; omitted if tRPC does not serve it
 */
export function descriptionOf(
  { access = 'public', admits = [] }: Pick<RestProcedure['meta'], 'access' | 'admits'>,
  path?: string,
): string {
  return [
    CALLERS[access],
    ...(admits.includes('apiKey') ? ['API keys can call it too.'] : []),
    ...(admits.includes('assumedIdentity') ? ['Operators under an assumed identity can call it too.'] : []),
    path === undefined ? 'It has no tRPC procedure.' : `Its tRPC procedure is \`${path}\`.`,
  ].join(' ');
}
