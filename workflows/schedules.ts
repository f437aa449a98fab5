import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import { AUDIT_SCHEDULE_ID, REAP_SCHEDULE_ID, TASK_QUEUE } from './contract.ts';

const SCHEDULES = [
  { scheduleId: REAP_SCHEDULE_ID, workflowType: 'reapSignUps', every: '1h' },
  { scheduleId: AUDIT_SCHEDULE_ID, workflowType: 'tendAuditLog', every: '1d' },
] as const;

/**
 * Creates the schedules that do not exist yet. Several workers may call it at once. It tries every schedule, even after
 * one has failed.
 * @throws AggregateError with Temporal's error for each schedule that could not be created
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
