import { unauthenticated } from '../../core/auth/access-token.ts';
import { AppError } from '../../core/errors.ts';
import type { Slug } from '../../core/tenancy/slug-format.ts';
import { actorIn, type Actor, type Caller, type CallerRow, type Person, type TenantRow } from './callers.ts';
import { assertReady } from './tenant-status.ts';
import { forgetKey, hexOf, rememberKey, shareOf } from './tenant-of-caller.ts';
import { ENTER_AS_USER, ENTER_TENANT } from './statements.ts';
import { touch } from './last-seen.ts';
import type { Tx } from '../connection/lane.ts';
import type { Role, TenantStatus } from '../tables/lobby.ts';
import type { Pool } from '../connection/pool.ts';

export interface Tenant {
  id: string;
  slug: Slug;
  name: string;
  status: TenantStatus;
}

/** A user with a live session, and the transaction in which the session was found. */
export interface UserEntered {
  tx: Tx;
  actor: Person;
}

/** A caller inside a tenant. */
export interface TenantEntered {
  tx: Tx;
  actor: Actor;
  tenant: Tenant;
  role: Role;
}

/**
 * The schema that a procedure uses. `tenant`: the tenant's own tables, under its own database role. `lobby`: the shared
 * tables, under the app's role, where row-level security shows only the rows of this tenant.
 */
export type BoundSchema = 'tenant' | 'lobby';

interface Door {
  caller: Caller;
  readOnly: boolean;
  /** Whether callers of this kind may call the procedure. If not, a live caller gets `FORBIDDEN`. */
  admitted: boolean;
  /** Called with the actor before the call can be refused. */
  onActor?: (actor: Actor) => void;
}

export interface TenantDoor extends Door {
  /** The unparsed `X-Tenant-Slug` header. */
  slug: string | undefined;
  /** Which roles of the tenant may enter. */
  roles: readonly Role[];
  schema: BoundSchema;
}

/**
 * Enters a tenant. Requests can enter a tenant in no other way. One statement, sent together with BEGIN, looks up caller,
 * tenant and role. If all checks pass, it sets search_path and role for this transaction, and PostgreSQL then refuses the
 * tables of every other tenant. For a read-only assumed identity it also makes the transaction read-only. Then `work` runs.
 * @throws AppError `UNAUTHENTICATED`, `TENANT_REQUIRED`, `TENANT_MISMATCH`, `TENANT_NOT_FOUND`, the tenant's status,
 *   `FORBIDDEN` or `READ_ONLY_IDENTITY`, in this order
 */
export async function enterTenant<T>(
  pool: Pool,
  door: TenantDoor,
  work: (entered: TenantEntered) => Promise<T>,
): Promise<T> {
  const { caller } = door;
  const roles = door.admitted ? door.roles : [];
  const values = [...valuesOf(caller), door.slug ?? null, `{${roles.join(',')}}`, door.schema];
  const first = { text: ENTER_TENANT[caller.kind], values };
  return await enterAndTouch(pool, (keepRow) =>
    pool.transactionAfter<TenantRow, T>({ readOnly: door.readOnly, share: shareOf(caller), first }, (tx, [row]) => {
      const entered = admit(row, door);
      keepRow(row);
      return work({ tx, ...entered });
    }),
  );
}

/**
 * Enters the lobby as a user. It checks that the session of a token is live, in the transaction of the procedure.
 * @throws AppError `UNAUTHENTICATED`; `FORBIDDEN` or `READ_ONLY_IDENTITY` for API keys and assumed identities
 */
export async function enterAsUser<T>(pool: Pool, door: Door, work: (entered: UserEntered) => Promise<T>): Promise<T> {
  const first = { text: ENTER_AS_USER[door.caller.kind], values: valuesOf(door.caller) };
  return await enterAndTouch(pool, (keepRow) =>
    pool.transactionAfter<CallerRow, T>({ readOnly: door.readOnly, first }, (tx, [row]) => {
      const actor = identify(row, door);
      assertAdmitted(actor, door);
      if (actor.type === 'apiKey') throw new Error('A key was admitted where a user is needed');
      keepRow(row);
      return work({ tx, actor });
    }),
  );
}

/** Runs `enter` and, at most once a minute, stores when the caller was last seen. */
async function enterAndTouch<T>(
  pool: Pool,
  enter: (keepRow: (row: CallerRow | undefined) => void) => Promise<T>,
): Promise<T> {
  let seen: CallerRow | undefined;
  const result = await enter((row) => {
    seen = row;
  });
  const actor = seen?.stale ? actorIn(seen) : undefined;
  // This time is only for people to read, so no call waits for it or fails because of it.
  if (actor) void touch(pool, actor).catch(() => undefined);
  return result;
}

function valuesOf(caller: Caller): (string | null)[] {
  switch (caller.kind) {
    case 'session':
      return [caller.sessionId, caller.userId, caller.tenantId ?? null];
    case 'assumedIdentity':
      return [caller.id, caller.userId, caller.tenantId ?? null, caller.operatorId];
    case 'apiKey':
      return [hexOf(caller)];
  }
}

function identify(row: CallerRow | undefined, { caller, onActor }: Door): Actor {
  // This process's clock signs and verifies tokens, so it also decides here. Reading the body, hashing, and waiting for a
  // connection took time since the signature was verified, so the token may have expired.
  const expired = caller.kind !== 'apiKey' && caller.expiresAt.getTime() <= Date.now();
  const actor = expired ? undefined : actorIn(row);
  if (!actor) {
    forgetKey(caller);
    throw unauthenticated();
  }
  if (actor.type === 'apiKey') rememberKey(caller, actor.tenantId);
  onActor?.(actor);
  return actor;
}

function admit(row: TenantRow | undefined, door: TenantDoor): Omit<TenantEntered, 'tx'> {
  const actor = identify(row, door);
  if (door.slug === undefined) {
    throw new AppError('TENANT_REQUIRED', 'The X-Tenant-Slug header is missing. Set it to the slug of the tenant.');
  }
  if (door.caller.kind !== 'apiKey' && door.caller.tenantId === undefined) {
    throw mismatch('The access token is not for a tenant. Log in or refresh with tenantSlug.');
  }
  if (!row || row.tenant_id === null) throw tenantNotFound();
  if (row.slug !== door.slug) {
    throw mismatch('The token is for a different tenant than the one in the X-Tenant-Slug header.');
  }
  const { role } = row;
  if (role === null) throw tenantNotFound();
  assertReady(row.status);
  assertAdmitted(actor, door);
  if (!door.roles.includes(role)) {
    throw new AppError(
      'FORBIDDEN',
      `This procedure requires the role ${door.roles.join(' or ')}. Your role is ${role}.`,
    );
  }
  if (!row.entered) throw new Error('The statement bound no schema, but each check that it reports holds');
  return { actor, role, tenant: { id: row.tenant_id, slug: row.slug, name: row.name, status: row.status } };
}

/** @throws AppError `READ_ONLY_IDENTITY`, `FORBIDDEN` */
function assertAdmitted(actor: Actor, { readOnly, admitted }: Door): void {
  if (actor.type === 'user' && actor.assumed?.mode === 'read' && !readOnly) {
    throw new AppError(
      'READ_ONLY_IDENTITY',
      'This assumed identity is read-only. Assume it in write mode to make changes.',
    );
  }
  if (admitted) return;
  throw new AppError(
    'FORBIDDEN',
    actor.type === 'apiKey' ? 'API keys cannot call this procedure.' : 'Assumed identities cannot call this procedure.',
  );
}

function mismatch(message: string): AppError {
  return new AppError('TENANT_MISMATCH', message);
}

/** The same error for an unknown tenant and for a tenant of others, so that a caller can't distinguish them. */
export function tenantNotFound(): AppError {
  return new AppError('TENANT_NOT_FOUND', 'There is no such tenant, or you are not a member of it.');
}
