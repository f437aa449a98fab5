import { proxyLocalActivities } from '@temporalio/workflow';
import type { ProvisioningActivities } from '../../workflows/activities/tenancy/provision.ts';
import type { ProvisionTenantInput } from '../../workflows/contract.ts';

const act = proxyLocalActivities<ProvisioningActivities>({ startToCloseTimeout: '30s' });

/** A careless change: two steps are swapped. Running workflows could not be replayed with it. */
export async function provisionTenant(input: ProvisionTenantInput): Promise<void> {
  const home = await act.findHome(input);
  await act.createSchema(home);
  await act.createRole(home);
  await act.migrate(home);
  await act.seed(home);
  await act.openTenant(home);
}
