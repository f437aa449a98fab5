import type postgres from 'postgres';
import type { Handles } from './handles.ts';

/** @returns a line for each broken rule that must hold after any history */
export async function broken(sql: postgres.Sql, { slugs, people }: Handles): Promise<string[]> {
  const rows = await sql<{ line: string }[]>`
    with
      places as (select id, slug from public.tenants where slug = any(${[...slugs]})),
      members as (
        select m.*, p.slug, u.email, u.disabled_at
        from public.user_tenant_membership m join places p on p.id = m.tenant_id join public.users u on u.id = m.user_id),
      open_invites as (
        select i.*, p.slug from public.invites i join places p on p.id = i.tenant_id
        where i.accepted_at is null and i.revoked_at is null)
    select slug || ' has no admin' as line from places
      where not exists (select 1 from members m where m.tenant_id = places.id and m.role = 'admin')
    union all
    select email || ' is in ' || slug || ' twice' from members group by email, slug having count(*) > 1
    union all
    select 'an invite of ' || slug || ' is open for its member ' || email from open_invites i
      where exists (select 1 from members m where m.tenant_id = i.tenant_id and m.email = i.email)
    union all
    select 'an invite of ' || slug || ' for ' || email || ' is open by someone who could not make it' from open_invites i
      where not exists (
        select 1 from members m
        where m.tenant_id = i.tenant_id and m.user_id = i.invited_by and m.disabled_at is null
          and (m.role = 'admin' or i.role = 'member'))
    union all
    select 'an invite of ' || slug || ' for ' || email || ' is open twice' from open_invites
      group by slug, email having count(*) > 1
    union all
    select 'session ' || s.id || ' goes on by ' || count(*) || ' refresh tokens'
      from public.sessions s join public.users u on u.id = s.user_id join public.refresh_tokens r on r.session_id = s.id
      where u.email = any(${people.map(({ email }) => email)})
        and r.used_at is null and r.expires_at > now() + interval '2 hours'
      group by s.id having count(*) > 1`;
  return rows.map(({ line }) => line);
}
