import { z } from 'zod';
import type { AuditSubject } from '../../../core/audit/actions.ts';
import type { RoleName, Slug } from '../../../core/tenancy/slug-format.ts';
import { writeAudit } from '../../audit/write.ts';
import { assertReady } from '../tenant-status.ts';
import { postgresError } from '../../connection/errors.ts';
import type { Tx } from '../../connection/lane.ts';
import type { Changes, Outcome, TenantStatus } from '../../tables/lobby.ts';
import type { Owner } from '../../connection/owner/connect.ts';
import type { Pool } from '../../connection/pool.ts';

/** The tenant is unknown or deleted, or its status does not allow the work. A retry can't help. */
export class TenantGoneError extends Error {
  override readonly name = 'TenantGoneError';
}

/** What an activity gets inside a tenant. */
export interface Inside {
  tenant: { id: string; slug: Slug; name: string };
  /** Writes an audit row into the tenant's log, in the current transaction. The actor is `system`. */
  audit: (
    entry: AuditSubject & {
      entityId: string | null;
      outcome?: Outcome;
      changes?: Changes;
    },
  ) => Promise<void>;
}

/**
 * Runs `work` in one transaction under the tenant's role and search_path. Table names without a schema are the tenant's
 * tables. PostgreSQL refuses the tables of every other tenant. In the lobby it only allows to add audit rows and outbox rows.
 * After a serialization failure `work` runs once more from the start, so it must have no effects outside the database. The
 * transaction may take 10 s.
 * @throws TenantGoneError if there is no such tenant, or it is deleted
 * @throws AppError `TENANT_NOT_READY`, `TENANT_MIGRATING`, `TENANT_SUSPENDED`; `OVERLOADED` if PostgreSQL is unreachable.
 *   A retry may succeed.
 */
export type InTenant = <T>(tenantId: string, work: (tx: Tx, inside: Inside) => Promise<T>) => Promise<T>;

interface Row {
  id: string;
  slug: Slug;
  name: string;
  status: TenantStatus;
  db_role: RoleName;
}

/** Finds the tenant and, if it is ready, sets its search_path and role for the transaction, as a request does. */
const ENTER = `
  select t.id, t.slug, t.name, t.status, t.db_role,
    case when t.status = 'ready' then set_config('search_path', quote_ident(t.schema_name) || ', pg_temp', true) end as path,
    case when t.status = 'ready' then set_config('role', t.db_role, true) end as role
  from public.tenants t where t.id = $1::uuid`;

/**
 * @param options.pool connects as the owner
 * @param options.owner grants the owner the right to act under a tenant's role, if it is missing
 */
export function createInTenant({ pool, owner }: { pool: Pool; owner: Owner }): InTenant {
  return async <T>(tenantId: string, work: (tx: Tx, inside: Inside) => Promise<T>): Promise<T> => {
    if (!z.uuid().safeParse(tenantId).success) throw new TenantGoneError('The id of the tenant is not a UUID');
    let entered = false;
    const once = () =>
      pool.transactionAfter<Row, T>(
        { readOnly: false, share: tenantId, first: { text: ENTER, values: [tenantId] } },
        (tx, [row]) => {
          if (!row || row.status === 'deleted') throw new TenantGoneError(`There is no tenant ${tenantId}`);
          assertReady(row.status);
          entered = true;
          return work(tx, insideOf(tx, row));
        },
      );
    try {
      return await once();
    } catch (error) {
      // Before `work` began, only setting the role can have been refused. A refusal of `work` itself is final.
      if (entered || postgresError(error)?.code !== '42501') throw error;
      await allowRole(owner, tenantId);
      return await once();
    }
  };
}

function insideOf(tx: Tx, { id, slug, name }: Row): Inside {
  return {
    tenant: { id, slug, name },
    audit: ({ outcome = 'success', changes = {}, ...entry }) =>
      writeAudit(tx, {
        ...entry,
        tenantId: id,
        actorType: 'system',
        actorId: null,
        operatorId: null,
        outcome,
        ipAddress: null,
        userAgent: null,
        requestId: null,
        changes,
      }),
  };
}

/** Since PostgreSQL 16 the creator of a role may not act under it, but may grant itself that right. */
async function allowRole(owner: Owner, tenantId: string): Promise<void> {
  await owner.begin(async (tx) => {
    const [row] = await tx<{ role: RoleName; modern: boolean }[]>`
      select db_role as role, current_setting('server_version_num')::int >= 160000 as modern
      from public.tenants where id = ${tenantId}`;
    if (!row) return;
    // Without the lock, two such grants at the same time fail with "tuple concurrently updated".
    await tx`select pg_advisory_xact_lock(hashtextextended(${row.role}, 0))`;
    await (row.modern
      ? tx`grant ${tx(row.role)} to current_user with inherit false, set true`
      : tx`grant ${tx(row.role)} to current_user`);
  });
}
