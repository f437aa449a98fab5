import { and, eq } from 'drizzle-orm';
import type { z } from 'zod';
import { ACCESS_TOKEN_SECONDS, type AccessTokens } from '../../core/auth/access-token.ts';
import { parseSlug } from '../../core/tenancy/slug-format.ts';
import type { User } from '../../db/entering/callers.ts';
import { tenantNotFound, type Tenant } from '../../db/entering/enter.ts';
import { memberships, tenants, type Role } from '../../db/tables/lobby.ts';
import { tenantColumns } from '../../db/tenancy/tenant-columns.ts';
import type { Tx } from '../../db/connection/lane.ts';
import { toTenantShape, toUserShape, type loginShape } from '../shapes.ts';

/** The tenant of a token, and the user's role there. */
export interface Scope {
  tenant: Tenant;
  role: Role;
}

/**
 * Finds one of the user's tenants, by slug or by id. A tenant of any status can have tokens. Calls to a tenant that is not
 * ready are refused later, with its status.
 * @throws AppError `TENANT_NOT_FOUND`, also if the user is no member
 */
export async function findScope(tx: Tx, userId: string, by: { slug: string } | { id: string }): Promise<Scope> {
  const scope = await lookUpScope(tx, userId, by);
  if (!scope) throw tenantNotFound();
  return scope;
}

/** Like `findScope`, but returns `undefined` instead of throwing. */
export async function lookUpScope(
  tx: Tx,
  userId: string,
  by: { slug: string } | { id: string },
): Promise<Scope | undefined> {
  const slug = 'slug' in by ? parseSlug(by.slug) : undefined;
  if ('slug' in by && slug === undefined) return undefined;
  const [row] = await tx
    .select(tenantColumns)
    .from(tenants)
    .innerJoin(memberships, and(eq(memberships.tenantId, tenants.id), eq(memberships.userId, userId)))
    .where('id' in by ? eq(tenants.id, by.id) : slug && eq(tenants.slug, slug));
  if (!row) return undefined;
  const { role, ...tenant } = row;
  return { tenant, role };
}

/** Signs an access token, and returns the output of a login or a refresh. */
export async function issueTokens(
  accessTokens: AccessTokens,
  grant: { user: User; sessionId: string; scope: Scope | null; refreshToken: string },
): Promise<z.infer<typeof loginShape>> {
  const { user, sessionId, scope, refreshToken } = grant;
  return {
    accessToken: await accessTokens.sign({ sub: user.id, sid: sessionId, tid: scope?.tenant.id }),
    refreshToken,
    tokenType: 'Bearer',
    expiresIn: ACCESS_TOKEN_SECONDS,
    user: toUserShape(user),
    tenant: scope && toTenantShape(scope.tenant, scope.role),
  };
}
