import type postgres from 'postgres';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { callOn, MOUNTS } from '../support/mounts.ts';
import { signUpTenant, freshSlug, type Founder } from '../support/people.ts';
import { at, reasonOf, rest } from '../support/rest.ts';
import { meet } from './meeting.ts';
import { outcomeOf } from './outcomes.ts';

// What an admin's API key may change in its tenant.
const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
let ada: Founder;

beforeAll(async () => {
  ada = await signUpTenant(place);
});
afterAll(() => owner[Symbol.asyncDispose]());

const makeKey = () => ada.client.apiKeys.create.mutate({ name: 'CI', role: 'admin' });

test.each(MOUNTS)(
  'an API key can rename its tenant, but not change the consent to assumed identities (%s)',
  async (mount) => {
    const { key: token } = await makeKey();
    const call = { token, tenant: ada.slug };
    for (const allowAssumedIdentity of [true, false]) {
      const answer = await callOn(mount, place.url, 'tenants.update', {
        ...call,
        body: { name: 'New', allowAssumedIdentity },
      });
      expect([answer.status, reasonOf(answer)]).toEqual([403, 'FORBIDDEN']);
    }
    expect(await ada.client.tenants.get.query()).toMatchObject({ name: 'Acme', allowAssumedIdentity: true });
    expect((await callOn(mount, place.url, 'tenants.update', { ...call, body: { name: 'Acme' } })).status).toBe(200);
  },
);

test.each<[string, string, (tx: postgres.TransactionSql, id: string) => PromiseLike<unknown>]>([
  ['was revoked', 'UNAUTHENTICATED', (tx, id) => tx`update public.api_keys set revoked_at = now() where id = ${id}`],
  [
    'expired',
    'UNAUTHENTICATED',
    (tx, id) => tx`update public.api_keys set expires_at = now() - interval '1 hour' where id = ${id}`,
  ],
  ['was made a member’s', 'FORBIDDEN', (tx, id) => tx`update public.api_keys set role = 'member' where id = ${id}`],
])('an API key that %s while its call waited changes nothing', async (_, reason, change) => {
  const { id, key: token } = await makeKey();
  const answer = await meet(place, {
    lock: (tx) => tx`select from public.tenants where id = ${ada.tenantId} for no key update`,
    calls: () => rest(place.url, 'PATCH', '/tenants/current', { token, tenant: ada.slug, body: { name: 'Late' } }),
    change: (tx) => change(tx, id),
  });
  expect(outcomeOf(answer)).toBe(reason);
  expect((await ada.client.tenants.get.query()).name).toBe('Acme');
});

test('creating a second tenant with the former slug of another one fails, and leaves no tenant', async () => {
  const [eve, slug] = [await signUpTenant(place), freshSlug('moved')];
  await eve.client.tenants.update.mutate({ slug });
  const body = { name: 'Second', slug: eve.slug };
  const answer = await rest(place.url, 'POST', '/tenants', { token: ada.tokens().accessToken, body });
  expect(outcomeOf(answer)).toBe('SLUG_TAKEN');
  expect(await owner.sql`select from public.tenants where slug = ${eve.slug}`).toHaveLength(0);
  expect(at(answer.body, 'tenant')).toBeUndefined();
});
