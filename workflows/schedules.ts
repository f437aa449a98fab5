import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import { AUDIT_SCHEDULE_ID, REAP_SCHEDULE_ID, TASK_QUEUE } from './contract.ts';

const SCHEDULES = [
  { scheduleId: REAP_SCHEDULE_ID, workflowType: 'reapSignUps', every: '1h' },
  { scheduleId: AUDIT_SCHEDULE_ID, workflowType: 'tendAuditLog', every: '1d' },
] as const;

/**
 * Makes the schedules that are not there yet; several workers may start at once. One that can't be made does not keep the
 * others from being made.
 * @throws AggregateError of what Temporal said to those that could not be made
 */
export async function ensureSchedules(client: Client): Promise<void> {
  const failures: unknown[] = [];
  for (const { scheduleId, workflowType, every } of SCHEDULES) {
    try {
      await client.schedule.create({
        scheduleId,
        spec: { intervals: [{ every }] },
        policies: { overlap: ScheduleOverlapPolicy.SKIP },
        action: { type: 'startWorkflow', workflowType, taskQueue: TASK_QUEUE, args: [] },
      });
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'Some schedules could not be created');
}
