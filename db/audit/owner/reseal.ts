import { PLATFORM_CHAIN } from '../../../core/audit/seal-macs.ts';
import { writeSystemAudit } from './write-system.ts';
import type { Owner } from '../../connection/owner/connect.ts';

/**
 * Takes all seals of a log away, and has the workers seal its rows anew, as they are now: for a log whose seals can't hold any
 * more, since their key is gone or somebody altered it and that was looked into. The log says that it was done. Whoever is
 * sealing it at this moment finds its end gone, and has done nothing.
 * @param tenantId `null` for the platform's
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
