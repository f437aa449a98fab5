import type { WorkerStatus } from '@temporalio/worker';

/** The number of tasks that run at once, by kind. These are the SDK's defaults; the metrics report them. */
export const SLOTS = { workflow: 40, activity: 100, local_activity: 100 } as const;

export function slotsTaken(status: WorkerStatus): Record<keyof typeof SLOTS, number> {
  return {
    workflow: status.numInFlightWorkflowActivations,
    activity: status.numInFlightNonLocalActivities,
    local_activity: status.numInFlightLocalActivities,
  };
}
