import { isCancellation, proxyActivities } from '@temporalio/workflow';
import type { AuditActivities } from '../activities/audit/tend-log.ts';

const act = proxyActivities<AuditActivities>({
  startToCloseTimeout: '1h',
  heartbeatTimeout: '5m',
  // While a log is busy, its lock cannot be taken.
  retry: { maximumAttempts: 20, maximumInterval: '1m' },
});

/**
 * Creates the audit log's partitions for the coming months, and drops the months whose retention is over. A schedule
 * starts it every day. The later steps run even if an earlier one fails.
 * @throws the first step's failure, after all steps have run
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
