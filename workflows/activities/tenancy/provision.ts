import type { ProvisioningStep } from '../../../core/tenancy/provisioning.ts';
import type { Owner } from '../../../db/connection/owner/connect.ts';
import {
  createRole,
  createSchema,
  dropRole,
  dropSchema,
  migrateTenant,
  type TenantHome,
} from '../../../db/tenancy/owner/provision.ts';
import {
  closeTenant,
  findHome,
  markFailed,
  noteStep,
  openTenant,
} from '../../../db/tenancy/owner/provisioning-status.ts';
import { TenantGoneError } from '../../../db/entering/owner/in-tenant.ts';
import { seedTenant } from '../../../db/tenancy/owner/seed.ts';
import type { ProvisionTenantInput } from '../../contract.ts';

export type ProvisioningActivities = ReturnType<typeof createProvisioningActivities>;

/** The steps of provisioning and their undo steps. Each may be repeated at any time. */
export function createProvisioningActivities({ owner }: { owner: Owner }) {
  /** Runs a step and records at the same time that it has begun. */
  async function reach(step: ProvisioningStep, home: TenantHome, work: () => Promise<void>): Promise<void> {
    // Wait for both: a step must not still run when it is retried, and each rejection needs a handler.
    for (const outcome of await Promise.allSettled([work(), noteStep(owner, home.tenantId, step)])) {
      if (outcome.status === 'rejected') throw outcome.reason;
    }
  }

  return {
    async findHome({ tenantId }: ProvisionTenantInput): Promise<TenantHome> {
      const home = await findHome(owner, tenantId);
      if (!home) throw new TenantGoneError(`There is no tenant ${tenantId} that waits to be provisioned`);
      return home;
    },

    createRole: (home: TenantHome): Promise<void> => reach('role', home, () => createRole(owner, home)),
    dropRole: (home: TenantHome): Promise<void> => dropRole(owner, home),

    createSchema: (home: TenantHome): Promise<void> => reach('schema', home, () => createSchema(owner, home)),
    dropSchema: (home: TenantHome): Promise<void> => dropSchema(owner, home),

    // Dropping the schema also undoes the next two steps.
    migrate: (home: TenantHome): Promise<void> => reach('migrations', home, () => migrateTenant(owner, home)),
    seed: (home: TenantHome): Promise<void> => reach('seed', home, () => seedTenant(owner, home)),

    openTenant: (home: TenantHome): Promise<void> => reach('ready', home, () => openTenant(owner, home.tenantId)),
    closeTenant: ({ tenantId }: TenantHome): Promise<void> => closeTenant(owner, tenantId),

    markFailed: ({ tenantId }: ProvisionTenantInput): Promise<void> => markFailed(owner, tenantId),
  };
}
