import type { SecretKeys } from '../../../core/secret-keys.ts';
import { dropAuditMonths, makeAuditPartitions } from '../../../db/audit/owner/retention.ts';
import { trimAuditChains } from '../../../db/audit/owner/trim.ts';
import type { Owner } from '../../../db/connection/owner/connect.ts';
import { withBeat } from '../heartbeat.ts';

export type AuditActivities = ReturnType<typeof createAuditActivities>;

/** @param deps.auditRetentionDays how many days to keep audit rows; 0 keeps them forever */
export function createAuditActivities(deps: { owner: Owner; secretKeys: SecretKeys; auditRetentionDays: number }) {
  const { owner, secretKeys, auditRetentionDays } = deps;
  return {
    makeAuditPartitions: (): Promise<void> => withBeat(() => makeAuditPartitions(owner)),
    async dropAuditMonths(): Promise<void> {
      if (auditRetentionDays > 0) await withBeat(() => dropAuditMonths(owner, secretKeys, auditRetentionDays));
    },
    trimAuditChains: (): Promise<void> => withBeat(() => trimAuditChains(owner, secretKeys)),
  };
}
