import { productTags } from '../../routers/product/index.ts';
import type { RestProcedure } from '../rest/mount.ts';

/** What the tags of the operations mean, in the order of the document. */
const TAGS: Record<string, string> = {
  auth: 'Signing up, logging in, sessions and passwords',
  users: 'The user who calls',
  tenants: 'Tenants, and how far their provisioning has come',
  members: 'The people in a tenant, and their roles',
  invites: 'Invites into a tenant',
  ...productTags,
  audit: "The tenant's audit log",
  'api-keys': 'Keys for programs that call in the name of a tenant',
  admin: 'For operators of the platform',
};

/** The tags that operations have, with what they mean. A tag that has no words here stands by its name alone. */
export function tagsOf(used: ReadonlySet<string>): { name: string; description?: string }[] {
  const known = Object.keys(TAGS).filter((name) => used.has(name));
  return [...new Set([...known, ...used])].map((name) => {
    const description = TAGS[name];
    return description === undefined ? { name } : { name, description };
  });
}

const CALLERS: Record<NonNullable<RestProcedure['meta']['access']>, string> = {
  public: 'Anyone may call it.',
  user: 'Any user with an access token may call it.',
  member: 'Members of the tenant in `X-Tenant-Slug` may call it, with a token for that tenant.',
  admin: 'Admins of the tenant in `X-Tenant-Slug` may call it, with a token for that tenant.',
  superuser: 'Operators of the platform may call it.',
};

/** Who may call an operation, and its name in tRPC. @param path the procedure's, or none where tRPC has no such procedure */
export function descriptionOf(
  { access = 'public', admits = [] }: Pick<RestProcedure['meta'], 'access' | 'admits'>,
  path?: string,
): string {
  return [
    CALLERS[access],
    ...(admits.includes('apiKey') ? ['So may API keys.'] : []),
    ...(admits.includes('assumedIdentity') ? ['So may operators under an assumed identity.'] : []),
    path === undefined ? 'It has no tRPC procedure.' : `By tRPC it is \`${path}\`.`,
  ].join(' ');
}
