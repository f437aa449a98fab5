import { beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { foundTenant, freshSlug, type Founder } from '../support/people.ts';
import { at, reasonOf, rest } from '../support/rest.ts';
import { ENDED, LIVE, refusalsOf } from './pairs.ts';

const place = inject('stack');
let ada: Founder;
let ben: Founder;

beforeAll(async () => {
  [ada, ben] = await Promise.all([foundTenant(place), foundTenant(place, { tenantName: 'Bolts' })]);
});

/** An admin of ada's tenant who is a member of ben's, in a session of hers. */
async function addToBoth() {
  const grace = await addMember(place, ada, 'admin');
  await using owner = connect(place.databaseOwnerUrl);
  await owner.sql`
    insert into public.user_tenant_membership (user_id, tenant_id, role)
    values (${grace.userId}, ${ben.tenantId}, 'member')`;
  return grace;
}

const switchTo = (token: string, tenantSlug: string) =>
  rest(place.url, 'POST', '/auth/switch-tenant', { token, body: { tenantSlug } });
const projects = async (token: string, tenant: string): Promise<unknown> =>
  reasonOf(await rest(place.url, 'GET', '/projects', { token, tenant }));

test('a switch gives a pair for the other tenant, in the same session', async () => {
  const grace = await addToBoth();
  const { accessToken: old } = grace.login;
  const switched = await grace.client.auth.switchTenant.mutate({ tenantSlug: ben.slug });
  expect(switched.user.id).toBe(grace.userId);
  expect(switched.tenant).toEqual({ id: ben.tenantId, slug: ben.slug, name: 'Bolts', status: 'ready', role: 'member' });

  expect(await projects(switched.accessToken, ben.slug)).toBeUndefined();
  expect(await projects(switched.accessToken, ada.slug)).toBe('TENANT_MISMATCH');
  expect(await projects(old, ada.slug)).toBeUndefined();
  expect(await projects(old, ben.slug)).toBe('TENANT_MISMATCH');
  const { items } = await grace.client.auth.sessions.query({});
  expect(items.map(({ current }) => current)).toEqual([true]);

  const { body } = await rest(place.url, 'POST', '/auth/refresh', { body: { refreshToken: switched.refreshToken } });
  expect(at(body, 'tenant', 'slug')).toBe(ben.slug);
  await rest(place.url, 'POST', '/auth/logout', { token: switched.accessToken });
  for (const pair of [grace.login, switched]) expect(await refusalsOf(place, pair)).toEqual(ENDED);
});

test('the refresh token from before a switch runs out within ten seconds, and the new one does not', async () => {
  const grace = await addToBoth();
  const switched = await grace.client.auth.switchTenant.mutate({ tenantSlug: ben.slug });
  await using owner = connect(place.databaseOwnerUrl);
  await owner.sql`
    update public.refresh_tokens r set expires_at = r.expires_at - interval '10 seconds' from public.sessions s
    where s.id = r.session_id and s.user_id = ${grace.userId}`;
  expect(await refusalsOf(place, grace.login)).toEqual([undefined, 'UNAUTHENTICATED']);
  expect(await refusalsOf(place, switched)).toEqual(LIVE);
});

test('a tenant that is not one’s own is refused as if there were none, and the session goes on', async () => {
  const grace = await addMember(place, ada);
  const answers = [];
  for (const slug of [ben.slug, freshSlug(), 'a";drop']) answers.push(await switchTo(grace.login.accessToken, slug));
  for (const answer of answers) expect([answer.status, reasonOf(answer)]).toEqual([404, 'TENANT_NOT_FOUND']);
  expect(new Set(answers.map(({ body }) => at(body, 'detail'))).size).toBe(1);
  await using owner = connect(place.databaseOwnerUrl);
  const shortened = await owner.sql`
    select from public.refresh_tokens r join public.sessions s on s.id = r.session_id
    where s.user_id = ${grace.userId} and r.expires_at < now() + interval '29 days'`;
  expect(shortened).toHaveLength(0);
  expect(await refusalsOf(place, grace.login)).toEqual(LIVE);
});

test('what comes of a token that a switch retired ends with it: no second chain lives on beside the new one', async () => {
  const grace = await addToBoth();
  await grace.client.auth.switchTenant.mutate({ tenantSlug: ben.slug });
  const once = await rest(place.url, 'POST', '/auth/refresh', { body: { refreshToken: grace.login.refreshToken } });
  expect(once.status).toBe(200);
  const refreshToken = at(once.body, 'refreshToken');
  const twice = await rest(place.url, 'POST', '/auth/refresh', { body: { refreshToken } });
  expect(twice.status).toBe(200);
  await using owner = connect(place.databaseOwnerUrl);
  const [row] = await owner.sql`
    select count(*)::int as lasting from public.refresh_tokens r join public.sessions s on s.id = r.session_id
    where s.user_id = ${grace.userId} and r.used_at is null and r.expires_at > now() + interval '10 seconds'`;
  expect(row).toEqual({ lasting: 1 });
});
