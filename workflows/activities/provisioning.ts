import type { ProvisioningStep } from '../../core/provisioning.ts';
import type { RoleName, SchemaName } from '../../core/slug.ts';
import { writeSystemAudit } from '../../db/audit-system.ts';
import type { Owner } from '../../db/owner.ts';
import { createRole, createSchema, dropRole, dropSchema, migrateTenant } from '../../db/provision.ts';
import { seedTenant } from '../../db/seed.ts';
import type { Home, ProvisionTenantInput } from '../contract.ts';

/** The tenant's row is gone: there is nothing left to provision. */
class TenantGoneError extends Error {
  override readonly name = 'TenantGoneError';
}

export type ProvisioningActivities = ReturnType<typeof createProvisioningActivities>;

/** The steps of a tenant's making and their undoing. Each may be repeated at any time. */
export function createProvisioningActivities({ owner }: { owner: Owner }) {
  /** Tells where provisioning is, for `tenants.status`. */
  async function reach(step: ProvisioningStep, { tenantId }: Home): Promise<void> {
    await owner`
      update public.tenants set provisioning_step = ${step}, updated_at = now()
      where id = ${tenantId} and status = 'provisioning'`;
  }

  return {
    async findHome({ tenantId }: ProvisionTenantInput): Promise<Home> {
      const [row] = await owner<{ schema_name: SchemaName; db_role: RoleName }[]>`
        select schema_name, db_role from public.tenants where id = ${tenantId}`;
      if (!row) throw new TenantGoneError(`There is no tenant ${tenantId}`);
      return { tenantId, schemaName: row.schema_name, dbRole: row.db_role };
    },

    async createRole(home: Home): Promise<void> {
      await reach('role', home);
      await createRole(owner, home);
    },
    dropRole: (home: Home): Promise<void> => dropRole(owner, home),

    async createSchema(home: Home): Promise<void> {
      await reach('schema', home);
      await createSchema(owner, home);
    },
    dropSchema: (home: Home): Promise<void> => dropSchema(owner, home),

    // The two steps within the schema need no undoing of their own: they go with it.
    async migrate(home: Home): Promise<void> {
      await reach('migrations', home);
      await migrateTenant(owner, home);
    },
    async seed(home: Home): Promise<void> {
      await reach('seed', home);
      await seedTenant(owner, home);
    },

    async openTenant(home: Home): Promise<void> {
      await reach('ready', home);
      await owner.begin(async (tx) => {
        const opened = await tx`
          update public.tenants set status = 'ready', provisioning_step = null, provisioning_error = null, updated_at = now()
          where id = ${home.tenantId} and status = 'provisioning' returning id`;
        // A second try finds it open already, and its row in the log.
        if (opened.length > 0) await writeSystemAudit(tx, home.tenantId, 'tenant.provision', 'success');
      });
    },
    async closeTenant({ tenantId }: Home): Promise<void> {
      await owner`
        update public.tenants set status = 'provisioning', provisioning_step = 'ready', updated_at = now()
        where id = ${tenantId} and status = 'ready'`;
    },

    async markFailed({ tenantId }: Home): Promise<void> {
      await owner.begin(async (tx) => {
        const failed = await tx`
          update public.tenants
          set status = 'failed', schema_version = 0, updated_at = now(), provisioning_error =
            'The step "' || coalesce(provisioning_step, 'role') || '" failed and all was undone; an operator can try again.'
          where id = ${tenantId} and status = 'provisioning' returning id`;
        if (failed.length > 0) await writeSystemAudit(tx, tenantId, 'tenant.provision', 'failure');
      });
    },
  };
}
