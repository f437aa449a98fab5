import { proxyActivities } from '@temporalio/workflow';
import type { ReapingActivities } from '../activities/identity/reap.ts';

const act = proxyActivities<ReapingActivities>({
  startToCloseTimeout: '10m',
  heartbeatTimeout: '1m',
  retry: { maximumAttempts: 5 },
});

/** Takes back the slugs of sign-ups that nobody verified. Started by a schedule. */
export async function reapSignUps(): Promise<void> {
  await act.reapSignUps();
}
