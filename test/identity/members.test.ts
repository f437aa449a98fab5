import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { aTime } from '../support/matchers.ts';
import { addMember } from '../support/members.ts';
import { callOn, MOUNTS, resultOf, type Mount, type Procedure } from '../support/mounts.ts';
import { signUpTenant, type Founder } from '../support/people.ts';
import { reasonOf, rest } from '../support/rest.ts';

const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
let ada: Founder;
let ben: Founder;

beforeAll(async () => {
  [ada, ben] = await Promise.all([signUpTenant(place), signUpTenant(place)]);
});
afterAll(() => owner[Symbol.asyncDispose]());

type Person = Awaited<ReturnType<typeof addMember>>;

async function call(mount: Mount, procedure: Procedure, who: Pick<Person, 'tokens'>, body: object) {
  return await callOn(mount, place.url, procedure, { token: who.tokens().accessToken, tenant: ada.slug, body });
}

/** @returns the outcomes of a read and of an admin's call in ada's tenant */
async function powersOf({ login }: Person): Promise<unknown[]> {
  const sent = { token: login.accessToken, tenant: ada.slug };
  const [reading, inviting] = await Promise.all([
    rest(place.url, 'GET', '/projects', sent),
    rest(place.url, 'GET', '/invites', sent),
  ]);
  return [reasonOf(reading), reasonOf(inviting)];
}

test('paging through members gives those of the tenant only, with their roles', async () => {
  const eve = await signUpTenant(place);
  const people = [await addMember(place, eve), await addMember(place, eve, 'admin')];
  await addMember(place, ben);
  const first = await people[0]?.client.members.list.query({ limit: 2 });
  const second = await eve.client.members.list.query({ limit: 2, cursor: first?.nextCursor ?? '' });
  const grace = { fullName: 'Grace Hopper', joinedAt: aTime };
  expect([...(first?.items ?? []), ...second.items]).toEqual([
    { ...grace, userId: people[1]?.userId, email: people[1]?.email, role: 'admin' },
    { ...grace, userId: people[0]?.userId, email: people[0]?.email, role: 'member' },
    { userId: eve.userId, email: eve.email, fullName: 'Ada Lovelace', role: 'admin', joinedAt: aTime },
  ]);
  expect([first?.items.length, second.nextCursor]).toEqual([2, null]);
});

for (const mount of MOUNTS) {
  test(`${mount}: a changed role applies with the next request, up and down`, async () => {
    const grace = await addMember(place, ada);
    expect(await powersOf(grace)).toEqual([undefined, 'FORBIDDEN']);
    for (const role of ['admin', 'member'] as const) {
      const answer = await call(mount, 'members.updateRole', ada, { userId: grace.userId, role });
      expect(resultOf(mount, answer)).toMatchObject({ userId: grace.userId, email: grace.email, role });
      expect(await powersOf(grace)).toEqual([undefined, role === 'admin' ? undefined : 'FORBIDDEN']);
    }
    const { items } = await ada.client.audit.list.query({ action: 'member.role_change', limit: 2 });
    expect(items.map(({ entityId, actorId, changes }) => [entityId, actorId, changes])).toEqual([
      [grace.userId, ada.userId, { role: ['admin', 'member'] }],
      [grace.userId, ada.userId, { role: ['member', 'admin'] }],
    ]);
  });

  test(`${mount}: a member who is removed or leaves is refused with the next request`, async () => {
    const [removed, left] = [await addMember(place, ada), await addMember(place, ada, 'admin')];
    expect(reasonOf(await call(mount, 'members.remove', ada, { userId: removed.userId }))).toBeUndefined();
    expect(reasonOf(await call(mount, 'members.leave', left, {}))).toBeUndefined();
    for (const person of [removed, left]) {
      expect(await powersOf(person)).toEqual(['TENANT_NOT_FOUND', 'TENANT_NOT_FOUND']);
      const login = await rest(place.url, 'POST', '/auth/login', {
        body: { email: person.email, password: ada.password, tenantSlug: ada.slug },
      });
      expect(reasonOf(login)).toBe('TENANT_NOT_FOUND');
    }
    const gone = await call(mount, 'members.remove', ada, { userId: removed.userId });
    expect([gone.status, reasonOf(gone)]).toEqual([404, 'NOT_FOUND']);
  });

  test(`${mount}: a member cannot change any role, nor remove anyone`, async () => {
    const [grace, other] = [await addMember(place, ada), await addMember(place, ada)];
    for (const { userId } of [grace, other]) {
      const promoted = await call(mount, 'members.updateRole', grace, { userId, role: 'admin' });
      const removed = await call(mount, 'members.remove', grace, { userId });
      expect([reasonOf(promoted), reasonOf(removed)]).toEqual(['FORBIDDEN', 'FORBIDDEN']);
    }
    expect(await powersOf(grace)).toEqual([undefined, 'FORBIDDEN']);
    expect(await powersOf(other)).toEqual([undefined, 'FORBIDDEN']);
  });

  test(`${mount}: a member of another tenant is not found, and their membership there does not change`, async () => {
    const changed = await call(mount, 'members.updateRole', ada, { userId: ben.userId, role: 'member' });
    const removed = await call(mount, 'members.remove', ada, { userId: ben.userId });
    expect([reasonOf(changed), reasonOf(removed)]).toEqual(['NOT_FOUND', 'NOT_FOUND']);
    expect((await ben.client.tenants.get.query()).role).toBe('admin');
  });
}

test('changing or removing a member of two tenants affects one of them only', async () => {
  const grace = await addMember(place, ada, 'admin');
  await owner.sql`
    insert into public.user_tenant_membership (user_id, tenant_id, role)
    values (${grace.userId}, ${ben.tenantId}, 'admin')`;
  const roles = async (): Promise<unknown> => {
    const { items } = await grace.client.users.myTenants.query({});
    return Object.fromEntries(items.map(({ slug, role }) => [slug, role]));
  };
  await ada.client.members.updateRole.mutate({ userId: grace.userId, role: 'member' });
  expect(await roles()).toEqual({ [ada.slug]: 'member', [ben.slug]: 'admin' });
  await ada.client.members.remove.mutate({ userId: grace.userId });
  expect(await roles()).toEqual({ [ben.slug]: 'admin' });
});
