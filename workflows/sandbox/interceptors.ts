import { defaultPayloadConverter, workflowInfo, type WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { CARRIED } from '../contract.ts';

/** Hands on to activities what the worker's log, metrics and traces want to know of the row that began it all. */
export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [
    {
      scheduleActivity: (input, next) => next({ ...input, headers: { ...input.headers, ...carried() } }),
      scheduleLocalActivity: (input, next) => next({ ...input, headers: { ...input.headers, ...carried() } }),
    },
  ],
});

function carried() {
  const { memo = {} } = workflowInfo();
  return Object.fromEntries(
    CARRIED.flatMap((key) => {
      const value = memo[key];
      return typeof value === 'string' ? [[key, defaultPayloadConverter.toPayload(value)]] : [];
    }),
  );
}
