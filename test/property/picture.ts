import type postgres from 'postgres';
import { hashRefreshToken } from '../../core/auth/refresh-token.ts';
import type { Handles } from './handles.ts';
import { item, type Model, type TenantIndex } from './model.ts';

/** The things of a world, and the state of each. */
export type Picture = ReadonlyMap<string, string>;

/** @returns the picture that the model expects */
export function pictureOf(model: Model, handles: Handles): Picture {
  const slug = (tenant: TenantIndex | null): string => (tenant === null ? 'the lobby' : handles.slugs[tenant]);
  const email = (person: number): string => item(handles.people, person).email;
  return new Map<string, string>([
    ...model.people.flatMap(({ account }, person): [string, string][] =>
      account === 'none' ? [] : [[`account ${email(person)}`, account]],
    ),
    ...model.people.flatMap(({ roles }, person) =>
      ([0, 1] as const).flatMap((tenant): [string, string][] => {
        const role = roles[tenant];
        return role === null ? [] : [[`member ${email(person)} of ${slug(tenant)}`, role]];
      }),
    ),
    ...model.sessions.map(({ ended }, index): [string, string] => [
      `session ${item(handles.sessions, index)}`,
      ended ? 'ended' : 'live',
    ]),
    ...model.refreshTokens.map(({ session, tenant, use, life }, index): [string, string] => [
      `refresh token ${hashRefreshToken(item(handles.refreshTokens, index)).toString('hex')}`,
      `${use}, ${life}, to ${slug(tenant)}, of ${item(handles.sessions, session)}`,
    ]),
    ...model.invites.map(({ tenant, person, role, by, state }, index): [string, string] => [
      `invite ${item(handles.invites, index).id}`,
      `${state}: ${email(person)} as ${role} of ${slug(tenant)} by ${email(by)}`,
    ]),
    ...model.keys.map(({ tenant, role, revoked }, index): [string, string] => [
      `key ${item(handles.keys, index).id}`,
      `${revoked ? 'revoked' : 'live'}, ${role} of ${slug(tenant)}`,
    ]),
    ...model.resets.map(({ person, used }, index): [string, string] => [
      `reset ${item(handles.resets, index).id}`,
      `${used ? 'used' : 'open'}, for ${email(person)}`,
    ]),
  ]);
}

/** @returns the picture in the database. {@link stopTheClock} explains how a short life is recognized. */
export async function readPicture(sql: postgres.Sql, { slugs, people }: Handles): Promise<Picture> {
  const rows = await sql<{ what: string; state: string }[]>`
    with
      persons as (select * from public.users where email = any(${people.map(({ email }) => email)})),
      places as (select * from public.tenants where slug = any(${[...slugs]})),
      logins as (select s.*, p.email from public.sessions s join persons p on p.id = s.user_id)
    select 'account ' || email as what, case when disabled_at is null then 'enabled' else 'disabled' end as state
      from persons
    union all
    select 'member ' || u.email || ' of ' || t.slug, m.role
      from public.user_tenant_membership m join places t on t.id = m.tenant_id join public.users u on u.id = m.user_id
    union all
    select 'session ' || id, case when revoked_at is null then 'live' else 'ended' end from logins
    union all
    select 'refresh token ' || encode(r.token_hash, 'hex'),
        case when r.used_at is null then 'unused' when r.used_at > now() then 'grace' else 'past' end || ', ' ||
        case when r.expires_at < now() then 'over' when r.expires_at < now() + interval '2 hours' then 'short'
          else 'long' end || ', to ' || coalesce(t.slug, 'the lobby') || ', of ' || r.session_id
      from public.refresh_tokens r join logins l on l.id = r.session_id left join places t on t.id = r.tenant_id
    union all
    select 'invite ' || i.id,
        case when i.accepted_at is not null then 'accepted' when i.revoked_at is not null then 'revoked'
          else 'open' end || ': ' || i.email || ' as ' || i.role || ' of ' || t.slug || ' by ' || u.email
      from public.invites i join places t on t.id = i.tenant_id join public.users u on u.id = i.invited_by
    union all
    select 'key ' || k.id,
        case when k.revoked_at is null then 'live' else 'revoked' end || ', ' || k.role || ' of ' || t.slug
      from public.api_keys k join places t on t.id = k.tenant_id
    union all
    select 'reset ' || id, case when used_at is null then 'open' else 'used' end || ', for ' || email
      from public.mail_requests where kind = 'reset-password' and email = any(${people.map(({ email }) => email)})`;
  return new Map(rows.map(({ what, state }) => [what, state]));
}

/** @returns a line for each thing that differs between two pictures */
export function differences(expected: Picture, found: Picture): string[] {
  const things = new Set([...expected.keys(), ...found.keys()]);
  return [...things].flatMap((thing) => {
    const [should, is] = [expected.get(thing), found.get(thing)];
    return should === is ? [] : [`${thing}: should be ${should ?? 'not there'}, is ${is ?? 'not there'}`];
  });
}
