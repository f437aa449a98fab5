import type postgres from 'postgres';
import type { ProvisioningStep } from '../../core/tenancy/provisioning.ts';
import type { Owner } from '../../db/connection/owner/connect.ts';
import { createRole, createSchema, migrateTenant, type TenantHome } from '../../db/tenancy/owner/provision.ts';
import { waitFor } from './wait.ts';

/** A lock that someone else will need, kept in a transaction of its own. */
export interface Hold {
  /** Waits until another session waits for it. */
  blocksSomeone(): Promise<void>;
  /** Ends the connections of the sessions that wait for it. */
  cutOff(): Promise<void>;
  /** Gives it back, and leaves nothing of the transaction. */
  release(): Promise<void>;
}

type Take = (tx: postgres.ReservedSql) => PromiseLike<unknown>;

/** @param owner with a connection to spare for each hold, and one more */
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

/** Keeps the making and the dropping of a tenant's role and schema waiting: db/tenancy/owner/provision.ts takes the same lock. */
async function holdHome(owner: Owner, { dbRole }: TenantHome): Promise<Hold> {
  return await hold(owner, (tx) => tx`select pg_advisory_xact_lock(hashtextextended(${dbRole}, 0))`);
}

/** Keeps a tenant's row from being changed. */
export async function holdRow(owner: Owner, { tenantId }: TenantHome): Promise<Hold> {
  return await hold(owner, (tx) => tx`select from public.tenants where id = ${tenantId} for update`);
}

/** Keeps a tenant's provisioning within a step. */
export const HOLDS: Readonly<Record<ProvisioningStep, (owner: Owner, home: TenantHome) => Promise<Hold>>> = {
  role: holdHome,
  // A name that another transaction may still take makes PostgreSQL wait for that one's end.
  schema: (owner, { schemaName }) => hold(owner, (tx) => tx`create schema ${tx(schemaName)}`),
  migrations: (owner, { schemaName }) =>
    hold(owner, (tx) => tx`select pg_advisory_xact_lock(hashtextextended(${`atrium migrate ${schemaName}`}, 0))`),
  async seed(owner, home) {
    // The table has to be there to be locked: as if an earlier try had come so far.
    await createRole(owner, home);
    await createSchema(owner, home);
    await migrateTenant(owner, home);
    return await hold(owner, (tx) => tx`lock table ${tx(home.schemaName)}.settings in share mode`);
  },
  // The last step writes into the log, and so does the last of its undoing.
  ready: (owner) => hold(owner, (tx) => tx`lock table public.audit_logs in share mode`),
};
