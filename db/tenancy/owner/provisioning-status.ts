import type { ProvisioningStep } from '../../../core/tenancy/provisioning.ts';
import type { RoleName, SchemaName } from '../../../core/tenancy/slug-format.ts';
import { writeSystemAudit } from '../../audit/owner/write-system.ts';
import type { Owner } from '../../connection/owner/connect.ts';
import type { TenantHome } from './provision.ts';

// How far the making of a tenant has come, in its row of the lobby. Each of these may be run again at any time.

/** @returns where a tenant is to live; `undefined` unless it waits to be provisioned */
export async function findHome(owner: Owner, tenantId: string): Promise<TenantHome | undefined> {
  const [row] = await owner<{ schema_name: SchemaName; db_role: RoleName }[]>`
    select schema_name, db_role from public.tenants where id = ${tenantId} and status = 'provisioning'`;
  return row && { tenantId, schemaName: row.schema_name, dbRole: row.db_role };
}

/** Writes down that a step is under way, for `tenants.status`. */
export async function noteStep(owner: Owner, tenantId: string, step: ProvisioningStep): Promise<void> {
  await owner`
    update public.tenants set provisioning_step = ${step}, updated_at = now()
    where id = ${tenantId} and status = 'provisioning'`;
}

/** Opens a tenant that is provisioned, and writes it into its log. */
export async function openTenant(owner: Owner, tenantId: string): Promise<void> {
  await owner.begin(async (tx) => {
    const opened = await tx`
      update public.tenants
      set status = 'ready', provisioning_step = null, provisioning_error = null, updated_at = now()
      where id = ${tenantId} and status = 'provisioning' returning id`;
    // A second try finds it open already, and its row in the log.
    if (opened.length > 0) await writeSystemAudit(tx, provisioned(tenantId, 'success'));
  });
}

/** Takes {@link openTenant} back, since a later step failed. */
export async function closeTenant(owner: Owner, tenantId: string): Promise<void> {
  await owner`
    update public.tenants set status = 'provisioning', provisioning_step = 'ready', updated_at = now()
    where id = ${tenantId} and status = 'ready'`;
}

/** Writes down, in the tenant's log too, that its making failed and that all was undone. */
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
