import { REFRESH_TOKEN } from '../../../core/auth/refresh-token.ts';
import { SIGN_UP_DAYS } from '../../../core/identity/sign-up.ts';
import type { RoleName, SchemaName } from '../../../core/tenancy/slug-format.ts';
import { writeSystemAudit } from '../../audit/owner/write-system.ts';
import { runBatch } from '../../connection/batch.ts';
import type { Owner, OwnerTx } from '../../connection/owner/connect.ts';
import { removeHome } from '../../tenancy/owner/provision.ts';

/** How long to wait for a lock. It is longer than the 15 s after which PostgreSQL ends an idle transaction of the app. */
const LOCK_TIMEOUT = '20s';

/**
 * Removes the sign-ups that were not verified in time, together with their tenants. It also deletes expired mail requests,
 * and erases the successors of refresh tokens after their grace period. If one removal fails, the others still run.
 * @throws BatchError that names the failed removals
 */
export async function reapSignUps(owner: Owner): Promise<void> {
  const stale = await owner<{ tenant_id: string }[]>`
    select distinct tenant_id from public.sign_ups
    where verified_at is null and created_at < now() - make_interval(days => ${SIGN_UP_DAYS})`;
  await runBatch('reap', [
    // An expired request can't be used any more.
    { item: 'mail requests', work: () => owner`delete from public.mail_requests where expires_at < now()` },
    { item: 'successors of refresh tokens', work: () => eraseSuccessors(owner) },
    { item: 'voided sign-ups', work: () => deleteVoidedSignUps(owner) },
    ...stale.map(({ tenant_id: tenantId }) => ({
      item: `tenant ${tenantId}`,
      tenantId,
      work: () => owner.begin((tx) => reapTenant(tx, tenantId)),
    })),
  ]);
}

/** Deletes voided sign-ups of tenants that have members. Removing a tenant without members deletes its sign-ups too. */
async function deleteVoidedSignUps(owner: Owner): Promise<void> {
  await owner`
    delete from public.sign_ups s
    where voided_at is not null and created_at < now() - make_interval(days => ${SIGN_UP_DAYS})
      and exists (select from public.user_tenant_membership m where m.tenant_id = s.tenant_id)`;
}

/** Erases old successors of unused sessions. In a session that is used, each refresh erases them. */
async function eraseSuccessors(owner: Owner): Promise<void> {
  await owner`
    update public.refresh_tokens set successor = null
    where successor is not null and used_at < now() - make_interval(secs => ${REFRESH_TOKEN.graceSeconds})`;
}

/** Removes a tenant in one transaction. A verification at the same time comes first, and the tenant stays, or is refused. */
async function reapTenant(tx: OwnerTx, tenantId: string): Promise<void> {
  await tx`select set_config('lock_timeout', ${LOCK_TIMEOUT}, true)`;
  await tx`select from public.sign_ups where tenant_id = ${tenantId} for update`;
  const [tenant] = await tx<{ schema_name: SchemaName; db_role: RoleName }[]>`
    select schema_name, db_role from public.tenants t
    where id = ${tenantId} and status in ('ready', 'failed')
      and not exists (select from public.user_tenant_membership m where m.tenant_id = t.id)
      and not exists (select from public.sign_ups s where s.tenant_id = t.id
        and (s.verified_at is not null or s.created_at >= now() - make_interval(days => ${SIGN_UP_DAYS})))
    for update`;
  if (!tenant) return;
  await writeSystemAudit(tx, {
    tenantId: null,
    action: 'tenant.reap',
    entityType: 'tenant',
    entityId: tenantId,
    outcome: 'success',
  });
  await removeHome(tx, { tenantId, schemaName: tenant.schema_name, dbRole: tenant.db_role });
  await tx`delete from public.tenants where id = ${tenantId}`;
}
