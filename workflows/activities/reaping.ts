import { heartbeat } from '@temporalio/activity';
import type { RoleName, SchemaName } from '../../core/slug.ts';
import type { Owner } from '../../db/owner.ts';
import { dropRole, dropSchema } from '../../db/provision.ts';

/** How long a sign-up may stay unverified, in days. */
const SIGN_UP_DAYS = 7;

export type ReapingActivities = ReturnType<typeof createReapingActivities>;

export function createReapingActivities({ owner }: { owner: Owner }) {
  return {
    /** Removes the tenants of sign-ups that were not verified in time, and with them the sign-ups. */
    async reapSignUps(): Promise<void> {
      const stale = await owner<{ id: string; schema_name: SchemaName; db_role: RoleName }[]>`
        select t.id, t.schema_name, t.db_role
        from public.tenants t
        where t.status in ('ready', 'failed')
          and exists (select from public.sign_ups s where s.tenant_id = t.id and s.verified_at is null
            and s.created_at < now() - make_interval(days => ${SIGN_UP_DAYS}))
          and not exists (select from public.user_tenant_membership m where m.tenant_id = t.id)`;
      for (const { id, schema_name: schemaName, db_role: dbRole } of stale) {
        heartbeat(id);
        const home = { tenantId: id, schemaName, dbRole };
        await dropSchema(owner, home);
        await dropRole(owner, home);
        await owner`delete from public.tenants where id = ${id}`;
      }
    },
  };
}
