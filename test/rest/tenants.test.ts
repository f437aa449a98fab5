import { beforeAll, expect, inject, test } from 'vitest';
import { signUpTenant, freshSlug, logIn, type Founder } from '../support/people.ts';
import { at, reasonOf, rest } from '../support/rest.ts';
import { waitFor } from '../support/wait.ts';

const place = inject('stack');
let founder: Founder;
let token: string;

beforeAll(async () => {
  founder = await signUpTenant(place);
  token = (await logIn(place, { email: founder.email })).login.accessToken;
});

const create = (slug: string, name = 'Second') => rest(place.url, 'POST', '/tenants', { token, body: { name, slug } });
const statusOf = (slug: string, as = token) => rest(place.url, 'GET', `/tenants/${slug}/status`, { token: as });

test("users.me shows the token's user, in a tenant and in the lobby", async () => {
  const lobby = await rest(place.url, 'GET', '/users/me', { token });
  const inside = await rest(place.url, 'GET', '/users/me', {
    token: founder.tokens().accessToken,
    tenant: founder.slug,
  });
  expect(lobby).toMatchObject({
    status: 200,
    body: { id: founder.userId, email: founder.email, fullName: 'Ada Lovelace' },
  });
  expect(inside.body).toEqual(lobby.body);
});

test('a user can create another tenant and work in it as its admin', async () => {
  const slug = freshSlug('second');
  const made = await create(slug);
  expect([made.status, made.body]).toEqual([202, { tenant: { slug, status: 'provisioning' } }]);
  const ready = await waitFor('the second tenant', async () => {
    const answer = await statusOf(slug);
    return at(answer.body, 'status') === 'ready' && answer;
  });
  expect(ready.body).toEqual({
    slug,
    status: 'ready',
    step: null,
    steps: ['role', 'schema', 'migrations', 'seed', 'ready'].map((name) => ({ name, state: 'done' })),
  });

  const { login, client } = await logIn(place, { email: founder.email, slug });
  expect(login.tenant).toMatchObject({ slug, role: 'admin', status: 'ready' });
  await client.projects.create.mutate({ name: 'Apollo' });
  expect((await founder.client.projects.list.query({})).items).toEqual([]);
});

test('tenants.get shows the tenant of the header', async () => {
  const answer = await rest(place.url, 'GET', '/tenants/current', {
    token: founder.tokens().accessToken,
    tenant: founder.slug,
  });
  expect(answer).toMatchObject({
    status: 200,
    body: { id: founder.tenantId, slug: founder.slug, name: 'Acme', status: 'ready', role: 'admin' },
  });
});

test('creating a tenant with a taken slug is refused', async () => {
  const slug = freshSlug('taken');
  expect((await create(slug)).status).toBe(202);
  const again = await create(slug);
  expect([again.status, reasonOf(again)]).toEqual([409, 'SLUG_TAKEN']);
});

test('only members see the status of a tenant, and others get the same answer as for an unknown slug', async () => {
  const stranger = await signUpTenant(place);
  const [foreign, unknown] = await Promise.all([
    statusOf(founder.slug, stranger.tokens().accessToken),
    statusOf(freshSlug(), stranger.tokens().accessToken),
  ]);
  expect([foreign.status, reasonOf(foreign)]).toEqual([404, 'TENANT_NOT_FOUND']);
  expect({ ...Object(foreign.body), requestId: '' }).toEqual({ ...Object(unknown.body), requestId: '' });
});

test('myTenants pages through the tenants of the user, newest first', async () => {
  const other = await signUpTenant(place);
  const lobby = (await logIn(place, { email: other.email })).login.accessToken;
  const slugs = [other.slug];
  for (const name of ['b', 'c', 'd', 'e']) {
    const slug = freshSlug(name);
    await rest(place.url, 'POST', '/tenants', { token: lobby, body: { name, slug } });
    slugs.unshift(slug);
  }
  const first = await rest(place.url, 'GET', '/users/me/tenants?limit=3', { token: lobby });
  const cursor = String(at(first.body, 'nextCursor'));
  const second = await rest(place.url, 'GET', `/users/me/tenants?limit=3&cursor=${cursor}`, { token: lobby });
  const items = [at(first.body, 'items'), at(second.body, 'items')].flat();
  expect(items.map((item) => at(item, 'slug'))).toEqual(slugs);
  expect(at(second.body, 'nextCursor')).toBeNull();
  expect(items.at(-1)).toEqual({ id: other.tenantId, slug: other.slug, name: 'Acme', status: 'ready', role: 'admin' });
});
