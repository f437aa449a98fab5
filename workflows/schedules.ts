import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import { AUDIT_SCHEDULE_ID, REAP_SCHEDULE_ID, TASK_QUEUE } from './contract.ts';

const SCHEDULES = [
  { scheduleId: REAP_SCHEDULE_ID, workflowType: 'reapSignUps', every: '1h' },
  { scheduleId: AUDIT_SCHEDULE_ID, workflowType: 'tendAuditLog', every: '1d' },
] as const;

/** Makes the schedules that are not there yet; several workers may start at once. */
export async function ensureSchedules(client: Client): Promise<void> {
  for (const { scheduleId, workflowType, every } of SCHEDULES) {
    try {
      await client.schedule.create({
        scheduleId,
        spec: { intervals: [{ every }] },
        policies: { overlap: ScheduleOverlapPolicy.SKIP },
        action: { type: 'startWorkflow', workflowType, taskQueue: TASK_QUEUE, args: [] },
      });
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    }
  }
}
