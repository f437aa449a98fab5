import { ApplicationFailure, CancellationScope, proxyLocalActivities } from '@temporalio/workflow';
import type { ProvisioningActivities } from '../activities/tenancy/provision.ts';
import { HOPELESS, type ProvisionTenantInput } from '../contract.ts';

// Local activities: each step takes a few milliseconds, less than a task takes through the queue.
const LOCAL = { startToCloseTimeout: '30s', localRetryThreshold: '30s' } as const;

/** Retries for about 30 s: longer than a restart of PostgreSQL, shorter than a user waits. */
const act = proxyLocalActivities<ProvisioningActivities>({
  ...LOCAL,
  retry: { initialInterval: '250ms', maximumInterval: '10s', maximumAttempts: 9, nonRetryableErrorTypes: HOPELESS },
});

/** An undo step is retried without limit, because nothing may be left behind. */
const undo = proxyLocalActivities<ProvisioningActivities>({
  ...LOCAL,
  retry: { initialInterval: '250ms', maximumInterval: '30s' },
});

/**
 * Creates a tenant's role and schema, migrates and seeds the schema, and opens the tenant. If a step fails after all
 * retries, the steps are undone in reverse order and the tenant is marked `failed`. It can then be provisioned again.
 * @throws ApplicationFailure `ProvisioningFailed` after everything was undone
 */
export async function provisionTenant(input: ProvisionTenantInput): Promise<void> {
  const undoing: (() => Promise<void>)[] = [];
  // Each undo is registered before its step, because a step that timed out may still have taken effect.
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
