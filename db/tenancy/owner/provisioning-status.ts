import type { ProvisioningStep } from '../../../core/tenancy/provisioning.ts';
import type { RoleName, SchemaName } from '../../../core/tenancy/slug-format.ts';
import { writeSystemAudit } from '../../audit/owner/write-system.ts';
import type { Owner } from '../../connection/owner/connect.ts';
import type { TenantHome } from './provision.ts';

// Reads and writes the progress of provisioning in the tenant's row in the lobby. Each function can be repeated at any time.

/** @returns the schema and role of a tenant; `undefined` if its status is not `provisioning` */
export async function findHome(owner: Owner, tenantId: string): Promise<TenantHome | undefined> {
  const [row] = await owner<{ schema_name: SchemaName; db_role: RoleName }[]>`
    select schema_name, db_role from public.tenants where id = ${tenantId} and status = 'provisioning'`;
  return row && { tenantId, schemaName: row.schema_name, dbRole: row.db_role };
}

/** Stores the running step, which `tenants.status` shows. */
export async function noteStep(owner: Owner, tenantId: string, step: ProvisioningStep): Promise<void> {
  await owner`
    update public.tenants set provisioning_step = ${step}, updated_at = now()
    where id = ${tenantId} and status = 'provisioning'`;
}

/** Sets a provisioned tenant to `ready`, and writes that into its log. */
export async function openTenant(owner: Owner, tenantId: string): Promise<void> {
  await owner.begin(async (tx) => {
    const opened = await tx`
      update public.tenants
      set status = 'ready', provisioning_step = null, provisioning_error = null, updated_at = now()
      where id = ${tenantId} and status = 'provisioning' returning id`;
    // A retry finds the tenant ready, and its audit row written.
    if (opened.length > 0) await writeSystemAudit(tx, provisioned(tenantId, 'success'));
  });
}

/** Undoes {@link openTenant} after a later step failed. */
export async function closeTenant(owner: Owner, tenantId: string): Promise<void> {
  await owner`
    update public.tenants set status = 'provisioning', provisioning_step = 'ready', updated_at = now()
    where id = ${tenantId} and status = 'ready'`;
}

/** Sets a tenant to `failed` after provisioning was undone, and writes that into its log. */
export async function markFailed(owner: Owner, tenantId: string): Promise<void> {
  await owner.begin(async (tx) => {
    const failed = await tx`
      update public.tenants
      set status = 'failed', schema_version = 0, atrium_version = 0, product_version = 0, extension_versions = '{}',
        updated_at = now(), provisioning_error =
        'The step "' || coalesce(provisioning_step, 'role') || '" failed, and provisioning was undone. A platform operator can retry it.'
      where id = ${tenantId} and status = 'provisioning' returning id`;
    if (failed.length > 0) await writeSystemAudit(tx, provisioned(tenantId, 'failure'));
  });
}

function provisioned(tenantId: string, outcome: 'success' | 'failure') {
  return { tenantId, action: 'tenant.provision', entityType: 'tenant', entityId: tenantId, outcome } as const;
}
