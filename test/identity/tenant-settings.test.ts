import { beforeAll, expect, inject, test } from 'vitest';
import { createClient } from '../../client/index.ts';
import { addMember } from '../support/members.ts';
import { callOn, MOUNTS } from '../support/mounts.ts';
import { signUpTenant, freshSlug, logIn, type Founder } from '../support/people.ts';
import { at, reasonOf, rest } from '../support/rest.ts';
import { freshSignUp } from '../support/sign-ups.ts';

const place = inject('stack');
let ada: Founder;

beforeAll(async () => {
  ada = await signUpTenant(place);
});

/** A founder’s tenant with its current slug. */
interface Renamed {
  slug: string;
  token: string;
}

const of = (founder: Founder): Renamed => ({ slug: founder.slug, token: founder.tokens().accessToken });
const update = ({ slug, token }: Renamed, body: object) =>
  rest(place.url, 'PATCH', '/tenants/current', { token, tenant: slug, body });
const get = ({ slug, token }: Renamed) => rest(place.url, 'GET', '/tenants/current', { token, tenant: slug });

/** Changes the slug of a tenant. */
async function move(from: Renamed, slug: string): Promise<Renamed> {
  expect(await update(from, { slug })).toMatchObject({ status: 200, body: { slug } });
  return { ...from, slug };
}

test('an admin can change name, slug and consent of the tenant, each without the others', async () => {
  const eve = await signUpTenant(place, { tenantName: 'Before' });
  const slug = freshSlug('after');
  const start = {
    id: eve.tenantId,
    slug: eve.slug,
    name: 'Before',
    status: 'ready',
    role: 'admin',
    allowAssumedIdentity: true,
  };
  let now = of(eve);
  expect((await get(now)).body).toEqual(start);
  expect((await update(now, {})).body).toEqual(start);
  expect((await update(now, { name: ' After ' })).body).toEqual({ ...start, name: 'After' });
  expect((await update(now, { allowAssumedIdentity: false })).body).toMatchObject({ name: 'After', slug: eve.slug });
  expect((await update(now, { slug })).body).toMatchObject({ name: 'After', slug, allowAssumedIdentity: false });
  now = { ...now, slug };
  const end = { ...start, name: 'After', slug, allowAssumedIdentity: false };
  expect((await get(now)).body).toEqual(end);

  const { client } = await logIn(place, { email: eve.email, slug });
  const { items } = await client.audit.list.query({ action: 'tenant.update' });
  expect(items.map(({ entityId, changes }) => [entityId, changes])).toEqual([
    [eve.tenantId, { slug: [eve.slug, slug] }],
    [eve.tenantId, { allowAssumedIdentity: [true, false] }],
    [eve.tenantId, { name: ['Before', 'After'] }],
    [eve.tenantId, {}],
  ]);
});

test('after a change of slug the same token works with the new slug, and the old one is refused', async () => {
  const eve = await signUpTenant(place);
  const { id } = await eve.client.projects.create.mutate({ name: 'Apollo' });
  const before = of(eve);
  const after = await move(before, freshSlug('moved'));
  const read = (where: Renamed) =>
    rest(place.url, 'GET', `/projects/${id}`, { token: where.token, tenant: where.slug });
  const stale = await read(before);
  expect([stale.status, reasonOf(stale)]).toEqual([403, 'TENANT_MISMATCH']);
  expect((await read(after)).status).toBe(200);
  await expect(logIn(place, eve)).rejects.toMatchObject({ data: { reason: 'TENANT_NOT_FOUND' } });
  const { login } = await logIn(place, { email: eve.email, slug: after.slug });
  expect(login.tenant).toMatchObject({ id: eve.tenantId, slug: after.slug });
  const refreshed = await createClient({ url: place.url }).auth.refresh.mutate({
    refreshToken: eve.tokens().refreshToken,
  });
  expect(refreshed.tenant?.slug).toBe(after.slug);
});

test('a present or former slug of another tenant is refused at an update, a sign-up and for a second tenant', async () => {
  const eve = await signUpTenant(place);
  const moved = await move(of(eve), freshSlug('moved'));
  for (const slug of [eve.slug, moved.slug]) {
    const answers = [
      await update(of(ada), { slug, name: 'Not changed' }),
      await rest(place.url, 'POST', '/auth/register', { body: { ...freshSignUp(), tenantSlug: slug } }),
      await rest(place.url, 'POST', '/tenants', { token: of(ada).token, body: { name: 'Second', slug } }),
    ];
    expect(answers.map((answer) => [answer.status, reasonOf(answer)])).toEqual(answers.map(() => [409, 'SLUG_TAKEN']));
  }
  expect((await get(of(ada))).body).toMatchObject({ slug: ada.slug, name: 'Acme' });
});

test('a tenant can take back its former slugs, and keeps all of them reserved', async () => {
  const eve = await signUpTenant(place);
  const [first, second] = [eve.slug, freshSlug('second')];
  let now = await move(of(eve), second);
  now = await move(now, first);
  now = await move(now, second);
  now = await move(now, second);
  for (const slug of [first, second]) expect(reasonOf(await update(of(ada), { slug }))).toBe('SLUG_TAKEN');
  expect((await get(now)).body).toMatchObject({ id: eve.tenantId, slug: second });
});

for (const mount of MOUNTS) {
  test(`${mount}: a member cannot change the tenant's settings`, async () => {
    const grace = await addMember(place, ada);
    const call = { token: grace.login.accessToken, tenant: ada.slug };
    for (const body of [{ name: 'Mine' }, { slug: freshSlug('mine') }, { allowAssumedIdentity: false }]) {
      const answer = await callOn(mount, place.url, 'tenants.update', { ...call, body });
      expect([answer.status, reasonOf(answer)]).toEqual([403, 'FORBIDDEN']);
    }
    expect((await get(of(ada))).body).toMatchObject({ slug: ada.slug, name: 'Acme', allowAssumedIdentity: true });
  });
}

test.each(['ab', 'Acme', '1st', 'a--b', 'a-', 'public', 'admin', 'x'.repeat(49), 'a_b', 'a b'])(
  'the slug %j is refused',
  async (slug) => {
    const answer = await update(of(ada), { slug });
    expect([reasonOf(answer), at(answer.body, 'issues', 0, 'path')]).toEqual(['VALIDATION_FAILED', ['slug']]);
  },
);

test('a tenant can leave at most ten slugs, so that slugs cannot be collected by renaming', async () => {
  let tenant = of(await signUpTenant(place));
  const first = tenant.slug;
  for (let left = 0; left < 10; left++) tenant = await move(tenant, freshSlug());
  expect(reasonOf(await update(tenant, { slug: freshSlug() }))).toBe('CONFLICT');
  await move(tenant, first);
});
