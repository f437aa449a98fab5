import type { ProvisioningStep } from '../../../core/tenancy/provisioning.ts';
import type { RoleName, SchemaName } from '../../../core/tenancy/slug.ts';
import { writeSystemAudit } from '../../../db/audit/owner/write-system.ts';
import type { Owner } from '../../../db/connection/owner/connect.ts';
import {
  createRole,
  createSchema,
  dropRole,
  dropSchema,
  migrateTenant,
  type TenantHome,
} from '../../../db/tenancy/owner/provision.ts';
import { seedTenant } from '../../../db/tenancy/owner/seed.ts';
import type { ProvisionTenantInput } from '../../contract.ts';

/** The tenant is gone, or was settled by an earlier run: there is nothing to provision. */
class TenantGoneError extends Error {
  override readonly name = 'TenantGoneError';
}

export type ProvisioningActivities = ReturnType<typeof createProvisioningActivities>;

/** The steps of a tenant's making and their undoing. Each may be repeated at any time. */
export function createProvisioningActivities({ owner }: { owner: Owner }) {
  /** Does a step and, beside it, tells that it is under way, for `tenants.status`. */
  async function reach(step: ProvisioningStep, home: TenantHome, work: () => Promise<void>): Promise<void> {
    const told = owner`
      update public.tenants set provisioning_step = ${step}, updated_at = now()
      where id = ${home.tenantId} and status = 'provisioning'`;
    // Both to their end: the step must not go on beside its own repetition, nor a failure go without a handler.
    for (const outcome of await Promise.allSettled([work(), told])) {
      if (outcome.status === 'rejected') throw outcome.reason;
    }
  }

  return {
    async findHome({ tenantId }: ProvisionTenantInput): Promise<TenantHome> {
      const [row] = await owner<{ schema_name: SchemaName; db_role: RoleName }[]>`
        select schema_name, db_role from public.tenants where id = ${tenantId} and status = 'provisioning'`;
      if (!row) throw new TenantGoneError(`There is no tenant ${tenantId} that waits to be provisioned`);
      return { tenantId, schemaName: row.schema_name, dbRole: row.db_role };
    },

    createRole: (home: TenantHome): Promise<void> => reach('role', home, () => createRole(owner, home)),
    dropRole: (home: TenantHome): Promise<void> => dropRole(owner, home),

    createSchema: (home: TenantHome): Promise<void> => reach('schema', home, () => createSchema(owner, home)),
    dropSchema: (home: TenantHome): Promise<void> => dropSchema(owner, home),

    // The two steps within the schema need no undoing of their own: they go with it.
    migrate: (home: TenantHome): Promise<void> => reach('migrations', home, () => migrateTenant(owner, home)),
    seed: (home: TenantHome): Promise<void> => reach('seed', home, () => seedTenant(owner, home)),

    openTenant: (home: TenantHome): Promise<void> =>
      reach('ready', home, () =>
        owner.begin(async (tx) => {
          const opened = await tx`
            update public.tenants
            set status = 'ready', provisioning_step = null, provisioning_error = null, updated_at = now()
            where id = ${home.tenantId} and status = 'provisioning' returning id`;
          // A second try finds it open already, and its row in the log.
          if (opened.length > 0) await writeSystemAudit(tx, provisioned(home.tenantId, 'success'));
        }),
      ),
    async closeTenant({ tenantId }: TenantHome): Promise<void> {
      await owner`
        update public.tenants set status = 'provisioning', provisioning_step = 'ready', updated_at = now()
        where id = ${tenantId} and status = 'ready'`;
    },

    async markFailed({ tenantId }: ProvisionTenantInput): Promise<void> {
      await owner.begin(async (tx) => {
        const failed = await tx`
          update public.tenants
          set status = 'failed', schema_version = 0, updated_at = now(), provisioning_error =
            'The step "' || coalesce(provisioning_step, 'role') || '" failed, and provisioning was undone. A platform operator can retry it.'
          where id = ${tenantId} and status = 'provisioning' returning id`;
        if (failed.length > 0) await writeSystemAudit(tx, provisioned(tenantId, 'failure'));
      });
    },
  };
}

function provisioned(tenantId: string, outcome: 'success' | 'failure') {
  return { tenantId, action: 'tenant.provision', entityType: 'tenant', entityId: tenantId, outcome } as const;
}
