import { proxyActivities } from '@temporalio/workflow';
import type { AuditActivities } from '../activities/audit.ts';

const act = proxyActivities<AuditActivities>({
  startToCloseTimeout: '1h',
  heartbeatTimeout: '5m',
  // A busy log gives its lock to no one for a while.
  retry: { maximumAttempts: 20, maximumInterval: '1m' },
});

/** Makes room for the months to come, and drops those that were kept long enough. Started by a schedule. */
export async function tendAuditLog(): Promise<void> {
  await act.makeAuditPartitions();
  await act.dropAuditMonths();
  await act.trimAuditChains();
}
