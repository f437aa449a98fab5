import { ApplicationFailure, CancellationScope, proxyLocalActivities } from '@temporalio/workflow';
import type { ProvisioningActivities } from '../activities/tenancy/provision.ts';
import { HOPELESS, type ProvisionTenantInput } from '../contract.ts';

// Local activities: each step takes some milliseconds, and a task through the queue would take longer than that.
const LOCAL = { startToCloseTimeout: '30s', localRetryThreshold: '30s' } as const;

/** Some 30 s of trying: longer than a restart of PostgreSQL, shorter than a person waits. */
const act = proxyLocalActivities<ProvisioningActivities>({
  ...LOCAL,
  retry: { initialInterval: '250ms', maximumInterval: '10s', maximumAttempts: 9, nonRetryableErrorTypes: HOPELESS },
});

/** Undoing is tried until it is done: nothing may be left behind. */
const undo = proxyLocalActivities<ProvisioningActivities>({
  ...LOCAL,
  retry: { initialInterval: '250ms', maximumInterval: '30s' },
});

/**
 * Makes a tenant's role and schema, migrates and seeds it, and opens it. If a step fails for good, all is undone, in
 * reverse, and the tenant is marked `failed`; it can be provisioned again then.
 */
export async function provisionTenant(input: ProvisionTenantInput): Promise<void> {
  const undoing: (() => Promise<void>)[] = [];
  // Each undo is noted before its step: one that failed to answer may still have been done.
  try {
    const home = await act.findHome(input);
    undoing.unshift(() => undo.dropRole(home));
    await act.createRole(home);
    undoing.unshift(() => undo.dropSchema(home));
    await act.createSchema(home);
    await act.migrate(home);
    await act.seed(home);
    undoing.unshift(() => undo.closeTenant(home));
    await act.openTenant(home);
  } catch (error) {
    await CancellationScope.nonCancellable(async () => {
      for (const step of undoing) await step();
      await undo.markFailed(input);
    });
    throw ApplicationFailure.create({
      type: 'ProvisioningFailed',
      nonRetryable: true,
      message: `Tenant ${input.tenantId} was not provisioned; all was undone`,
      ...(error instanceof Error && { cause: error }),
    });
  }
}
