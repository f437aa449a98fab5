import { beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { aTime, aUuidV7, matching } from '../support/matchers.ts';
import { addMember } from '../support/members.ts';
import { callOn, MOUNTS, resultOf, type Mount } from '../support/mounts.ts';
import { signUpTenant, type Founder } from '../support/people.ts';
import { at, reasonOf } from '../support/rest.ts';
import { waitFor } from '../support/wait.ts';

const place = inject('stack');
let ada: Founder;
let ben: Founder;

beforeAll(async () => {
  [ada, ben] = await Promise.all([signUpTenant(place), signUpTenant(place)]);
});

async function makeKey(founder: Founder, role: 'admin' | 'member' = 'member') {
  return await founder.client.apiKeys.create.mutate({ name: 'CI', role });
}

const withKey = (token: string, founder: Founder) => ({ token, tenant: founder.slug });

test('an API key is shown once, and stored nowhere in plain text', async () => {
  const made = await makeKey(ada);
  expect(made).toEqual({
    id: aUuidV7,
    name: 'CI',
    role: 'member',
    prefix: made.key.slice(0, 12),
    expiresAt: aTime,
    lastUsedAt: null,
    key: matching(/^atr_[\w-]{43}$/),
  });
  const { key, ...shown } = made;
  const { items } = await ada.client.apiKeys.list.query({});
  expect(items).toContainEqual(shown);
  await using owner = connect(place.databaseOwnerUrl);
  const rows = await owner.sql`select * from public.api_keys k, public.audit_logs a where a.entity_id = k.id::text`;
  expect(JSON.stringify(rows)).not.toContain(key.slice(12));
});

for (const mount of MOUNTS) {
  test(`${mount}: an API key works in its tenant by its role, and its use is recorded and audited`, async () => {
    const member = await makeKey(ada);
    const admin = await makeKey(ada, 'admin');
    const name = `By key over ${mount}`;
    const made = await callOn(mount, place.url, 'projects.create', { ...withKey(member.key, ada), body: { name } });
    const id = at(resultOf(mount, made), 'id');
    expect(id).toEqual(aUuidV7);
    const refused = await callOn(mount, place.url, 'projects.delete', { ...withKey(member.key, ada), body: { id } });
    expect(reasonOf(refused)).toBe('FORBIDDEN');
    const deleted = await callOn(mount, place.url, 'projects.delete', { ...withKey(admin.key, ada), body: { id } });
    expect(deleted.status).toBe(mount === 'REST' ? 204 : 200);

    const lastUsedAt = await waitFor('the use to be written down', async () => {
      const { items } = await ada.client.apiKeys.list.query({});
      return items.find((key) => key.id === member.id)?.lastUsedAt ?? undefined;
    });
    expect(lastUsedAt).toEqual(aTime);
    const rows = await ada.client.audit.list.query({ actorId: member.id });
    expect(rows.items.map(({ action, actorType, outcome }) => [action, actorType, outcome])).toEqual([
      ['project.delete', 'apiKey', 'denied'],
      ['project.create', 'apiKey', 'success'],
    ]);
  });

  test(`${mount}: an API key is accepted only with the header of its tenant`, async () => {
    const { key: token } = await makeKey(ada, 'admin');
    const reasons = await reasonsOf(mount, [{ token }, { token, tenant: ben.slug }, { token, tenant: 'no-such-one' }]);
    expect(reasons).toEqual(['TENANT_REQUIRED', 'TENANT_MISMATCH', 'TENANT_MISMATCH']);
  });

  test(`${mount}: an API key that is revoked, expired or unknown is refused with the next call`, async () => {
    const revoked = await makeKey(ada);
    const expired = await makeKey(ada);
    const calls = [revoked, expired].map(({ key }) => withKey(key, ada));
    expect(await reasonsOf(mount, calls)).toEqual([undefined, undefined]);
    await ada.client.apiKeys.revoke.mutate({ id: revoked.id });
    await using owner = connect(place.databaseOwnerUrl);
    await owner.sql`update public.api_keys set expires_at = now() where id = ${expired.id}`;
    const unknown = withKey(`${revoked.key.slice(0, -4)}AAAA`, ada);
    expect(await reasonsOf(mount, [...calls, unknown])).toEqual([
      'UNAUTHENTICATED',
      'UNAUTHENTICATED',
      'UNAUTHENTICATED',
    ]);
  });
}

async function reasonsOf(mount: Mount, calls: { token: string; tenant?: string }[]): Promise<unknown[]> {
  const answers = await Promise.all(
    calls.map((call) => callOn(mount, place.url, 'projects.list', { body: {}, ...call })),
  );
  return answers.map(reasonOf);
}

test('an API key still works after its creator was removed from the tenant', async () => {
  const maker = await addMember(place, ada, 'admin');
  const { key } = await maker.client.apiKeys.create.mutate({ name: 'Heirloom', role: 'member' });
  await ada.client.members.remove.mutate({ userId: maker.userId });
  expect(await reasonsOf('REST', [withKey(key, ada)])).toEqual([undefined]);
});

test('an API key with an expiry in the past, or too far away, is refused', async () => {
  for (const expiresAt of ['2020-01-01T00:00:00Z', '2999-01-01T00:00:00Z']) {
    await expect(ada.client.apiKeys.create.mutate({ name: 'CI', role: 'member', expiresAt })).rejects.toMatchObject({
      data: { reason: 'VALIDATION_FAILED' },
    });
  }
});

test('a revoked API key is no longer listed, and cannot be revoked again', async () => {
  const { id } = await makeKey(ada);
  await ada.client.apiKeys.revoke.mutate({ id });
  expect((await ada.client.apiKeys.list.query({})).items.map((key) => key.id)).not.toContain(id);
  await expect(ada.client.apiKeys.revoke.mutate({ id })).rejects.toMatchObject({ data: { reason: 'NOT_FOUND' } });
});

test('a tenant lists its own API keys and none of another tenant', async () => {
  const [mine, theirs] = await Promise.all([makeKey(ada), makeKey(ben)]);
  const ids = (await ada.client.apiKeys.list.query({})).items.map(({ id }) => id);
  expect(ids).toContain(mine.id);
  expect(ids).not.toContain(theirs.id);
});
