import type postgres from 'postgres';
import type { ProvisioningStep } from '../../core/tenancy/provisioning.ts';
import type { Owner } from '../../db/connection/owner/connect.ts';
import { createRole, createSchema, migrateTenant, type TenantHome } from '../../db/tenancy/owner/provision.ts';
import { waitFor } from './wait.ts';

/** A lock that another session will need, held by a transaction of its own. */
export interface Hold {
  /** Waits until another session waits for it. */
  blocksSomeone(): Promise<void>;
  /** Terminates the sessions that wait for it. */
  cutOff(): Promise<void>;
  /** Releases it by rolling the transaction back. */
  release(): Promise<void>;
}

type Take = (tx: postgres.ReservedSql) => PromiseLike<unknown>;

/** @param owner needs one free connection for each hold, and one more */
export async function hold(owner: Owner, take: Take): Promise<Hold> {
  const tx = await owner.reserve();
  await tx`begin`;
  await take(tx);
  const [backend] = await tx`select pg_backend_pid() as pid`;
  const pid = Number(backend?.['pid']);
  return {
    async blocksSomeone() {
      await waitFor(
        'someone to wait for a lock',
        async () =>
          (await tx`select from pg_locks where not granted and ${pid} = any(pg_blocking_pids(pid))`).length > 0,
      );
    },
    async cutOff() {
      await tx`
        select pg_terminate_backend(pid) from pg_locks where not granted and ${pid} = any(pg_blocking_pids(pid))`;
    },
    async release() {
      await tx`rollback`;
      tx.release();
    },
  };
}

/** Blocks creating and dropping a tenant's role and schema, by the lock that db/tenancy/owner/provision.ts takes. */
async function holdHome(owner: Owner, { dbRole }: TenantHome): Promise<Hold> {
  return await hold(owner, (tx) => tx`select pg_advisory_xact_lock(hashtextextended(${dbRole}, 0))`);
}

/** Blocks changes of a tenant's row. */
export async function holdRow(owner: Owner, { tenantId }: TenantHome): Promise<Hold> {
  return await hold(owner, (tx) => tx`select from public.tenants where id = ${tenantId} for update`);
}

/** For each step, a hold that blocks a tenant's provisioning within it. */
export const HOLDS: Readonly<Record<ProvisioningStep, (owner: Owner, home: TenantHome) => Promise<Hold>>> = {
  role: holdHome,
  // PostgreSQL waits until the other transaction, which uses the same name, has ended.
  schema: (owner, { schemaName }) => hold(owner, (tx) => tx`create schema ${tx(schemaName)}`),
  migrations: (owner, { schemaName }) =>
    hold(owner, (tx) => tx`select pg_advisory_xact_lock(hashtextextended(${`atrium migrate ${schemaName}`}, 0))`),
  async seed(owner, home) {
    // The table must exist to be locked, as if an earlier attempt had created it.
    await createRole(owner, home);
    await createSchema(owner, home);
    await migrateTenant(owner, home);
    return await hold(owner, (tx) => tx`lock table ${tx(home.schemaName)}.settings in share mode`);
  },
  // The last step writes to the audit log, and so does its undo step.
  ready: (owner) => hold(owner, (tx) => tx`lock table public.audit_logs in share mode`),
};
