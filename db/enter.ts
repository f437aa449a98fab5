import type { AccessClaims } from '../core/access-token.ts';
import { unauthenticated } from '../core/access-token.ts';
import { AppError } from '../core/errors.ts';
import type { Slug } from '../core/slug.ts';
import { ENTER_AS_USER, ENTER_TENANT } from './entering-statements.ts';
import type { Role, TenantStatus } from './lobby.ts';
import type { Tx } from './lane.ts';
import type { Pool } from './pool.ts';

export interface User {
  id: string;
  email: string;
  fullName: string;
  createdAt: Date;
}

export interface Tenant {
  id: string;
  slug: Slug;
  name: string;
  status: TenantStatus;
}

/** A live session, and the transaction that it was found in. */
export interface UserEntered {
  tx: Tx;
  user: User;
}

/** A member inside a tenant. */
export interface TenantEntered extends UserEntered {
  tenant: Tenant;
  role: Role;
}

/**
 * Where a procedure works. `tenant`: the tenant's own tables, under its own database role. `lobby`: the shared
 * tables, under the app's role, narrowed by row-level security to the rows of this tenant.
 */
export type Room = 'tenant' | 'lobby';

/**
 * The one way into a tenant. A single statement, sent together with BEGIN, looks up session, user, tenant and
 * membership and, only if all holds, sets search_path and role for this transaction; PostgreSQL then refuses every
 * other tenant's table. `work` starts after it has answered.
 * @param door.slug the `X-Tenant-Slug` header, as it came
 * @param door.roles which roles of the tenant may enter
 * @throws AppError `UNAUTHENTICATED`, `TENANT_REQUIRED`, `TENANT_MISMATCH`, `TENANT_NOT_FOUND`, the tenant's status,
 *   `FORBIDDEN`, in this order
 */
export function enterTenant<T>(
  pool: Pool,
  door: {
    claims: AccessClaims;
    slug: string | undefined;
    roles: readonly Role[];
    room: Room;
    readOnly: boolean;
  },
  work: (entered: TenantEntered) => Promise<T>,
): Promise<T> {
  const { sid, sub, tid } = door.claims;
  const values = [sid, sub, tid ?? null, door.slug ?? null, `{${door.roles.join(',')}}`, door.room];
  return pool.transactionAfter<EnteringRow, T>(
    { readOnly: door.readOnly, share: tid, first: { text: ENTER_TENANT, values } },
    (tx, [row]) => work({ tx, ...admit(row, door) }),
  );
}

/**
 * Checks that the session behind a token is live, in the transaction that the procedure needs anyway.
 * @throws AppError `UNAUTHENTICATED`
 */
export function enterAsUser<T>(
  pool: Pool,
  door: { claims: AccessClaims; readOnly: boolean },
  work: (entered: UserEntered) => Promise<T>,
): Promise<T> {
  const values = [door.claims.sid, door.claims.sub];
  return pool.transactionAfter<UserRow, T>(
    { readOnly: door.readOnly, first: { text: ENTER_AS_USER, values } },
    (tx, [row]) => work({ tx, user: toUser(row) }),
  );
}

interface UserRow {
  user_id: string | null;
  email: string;
  full_name: string;
  user_created_at: string;
}

interface EnteringRow extends UserRow {
  tenant_id: string | null;
  slug: Slug;
  name: string;
  status: TenantStatus;
  role: Role | null;
  entered: boolean;
}

function toUser(row: UserRow | undefined): User {
  if (!row || row.user_id === null) throw unauthenticated();
  return {
    id: row.user_id,
    email: row.email,
    fullName: row.full_name,
    createdAt: new Date(row.user_created_at),
  };
}

function admit(
  row: EnteringRow | undefined,
  door: { claims: AccessClaims; slug: string | undefined; roles: readonly Role[] },
): Omit<TenantEntered, 'tx'> {
  const user = toUser(row);
  if (door.slug === undefined) {
    throw new AppError('TENANT_REQUIRED', 'Name the tenant in the X-Tenant-Slug header.');
  }
  if (door.claims.tid === undefined) {
    throw mismatch('The access token is for no tenant: log in or refresh with tenantSlug.');
  }
  if (!row || row.tenant_id === null) throw tenantNotFound();
  if (row.slug !== door.slug) {
    throw mismatch('The access token is for another tenant than the X-Tenant-Slug header names.');
  }
  const { role } = row;
  if (role === null) throw tenantNotFound();
  assertReady(row.status);
  if (!door.roles.includes(role)) {
    throw new AppError('FORBIDDEN', `This needs the role ${door.roles.join(' or ')}; yours is ${role}.`);
  }
  if (!row.entered) throw new Error('The entering statement and its reading disagree');
  return {
    user,
    role,
    tenant: { id: row.tenant_id, slug: row.slug, name: row.name, status: row.status },
  };
}

function mismatch(message: string): AppError {
  return new AppError('TENANT_MISMATCH', message);
}

/** The answer for an unknown tenant and for one that the caller does not belong to: they must not be told apart. */
export function tenantNotFound(): AppError {
  return new AppError('TENANT_NOT_FOUND', 'There is no such tenant among yours.');
}

function assertReady(status: TenantStatus): void {
  switch (status) {
    case 'ready':
      return;
    case 'provisioning':
    case 'failed':
      throw new AppError('TENANT_NOT_READY', 'The tenant is not set up yet: see its status.', { retryAfter: 2 });
    case 'migrating':
      throw new AppError('TENANT_MIGRATING', 'The tenant is being migrated: try again shortly.', { retryAfter: 5 });
    case 'suspended':
      throw new AppError('TENANT_SUSPENDED', 'The tenant is suspended.');
    case 'deleted':
      throw new AppError('TENANT_DELETED', 'The tenant is deleted.');
  }
}
