import { proxyActivities } from '@temporalio/workflow';
import type { ReapingActivities } from '../activities/identity/reap.ts';

const act = proxyActivities<ReapingActivities>({
  startToCloseTimeout: '10m',
  heartbeatTimeout: '1m',
  retry: { maximumAttempts: 5 },
});

/** Removes sign-ups that were not verified in time, with their tenants and slugs. A schedule starts it every hour. */
export async function reapSignUps(): Promise<void> {
  await act.reapSignUps();
}
