import type { WorkerStatus } from '@temporalio/worker';

/** Tasks at once, by kind. These are the SDK's own defaults, written down because the metrics report them. */
export const SLOTS = { workflow: 40, activity: 100, local_activity: 100 } as const;

export function slotsTaken(status: WorkerStatus): Record<keyof typeof SLOTS, number> {
  return {
    workflow: status.numInFlightWorkflowActivations,
    activity: status.numInFlightNonLocalActivities,
    local_activity: status.numInFlightLocalActivities,
  };
}
