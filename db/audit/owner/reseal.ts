import { PLATFORM_CHAIN } from '../../../core/audit/seal-macs.ts';
import { writeSystemAudit } from './write-system.ts';
import type { Owner } from '../../connection/owner/connect.ts';

/**
 * Deletes all seals of a log, so that the workers seal its current rows again. Use it if the key of the seals is lost, or
 * after a change to the log was investigated. It writes `audit.reseal` into the log. A worker that is sealing the log at
 * this moment finds no end of the chain, and then writes nothing.
 * @param tenantId `null` for the platform's log
 * @returns how many rows wait for their new seal
 */
export async function resealAuditLog(owner: Owner, tenantId: string | null): Promise<number> {
  const chain = tenantId ?? PLATFORM_CHAIN;
  return await owner.begin(async (tx) => {
    await tx`select from public.audit_chains where chain = ${chain} for update`;
    await tx`delete from public.audit_seals where chain = ${chain}`;
    await tx`delete from public.audit_chains where chain = ${chain}`;
    await tx`
      insert into public.audit_unsealed (chain, audit_id, created_at)
      select ${chain}, id, created_at from public.audit_logs a where tenant_id is not distinct from ${tenantId}
      on conflict do nothing`;
    await writeSystemAudit(tx, {
      tenantId,
      action: 'audit.reseal',
      entityType: 'audit_log',
      entityId: chain,
      outcome: 'success',
    });
    const [waiting] = await tx<{ rows: number }[]>`
      select count(*)::int as rows from public.audit_unsealed where chain = ${chain}`;
    return waiting?.rows ?? 0;
  });
}
