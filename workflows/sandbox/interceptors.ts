import { defaultPayloadConverter, workflowInfo, type WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { CARRIED } from '../contract.ts';

/** Copies the outbox row's id and trace from the workflow's memo to the activities' headers, for logs, metrics and traces. */
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
