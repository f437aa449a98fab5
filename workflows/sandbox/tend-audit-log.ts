import { isCancellation, proxyActivities } from '@temporalio/workflow';
import type { AuditActivities } from '../activities/audit/tend-log.ts';

const act = proxyActivities<AuditActivities>({
  startToCloseTimeout: '1h',
  heartbeatTimeout: '5m',
  // A busy log gives its lock to no one for a while.
  retry: { maximumAttempts: 20, maximumInterval: '1m' },
});

/**
 * Makes room for the months to come, and drops those that were kept long enough. Started by a schedule. A step that fails
 * for good does not keep the next from being done.
 */
export async function tendAuditLog(): Promise<void> {
  const failures: unknown[] = [];
  for (const step of [act.makeAuditPartitions, act.dropAuditMonths, act.trimAuditChains]) {
    await step().catch((error: unknown) => {
      if (isCancellation(error)) throw error;
      failures.push(error);
    });
  }
  if (failures.length > 0) throw failures[0];
}
