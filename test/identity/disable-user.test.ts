import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { aTime } from '../support/matchers.ts';
import { addMember } from '../support/members.ts';
import { callOn, MOUNTS, resultOf } from '../support/mounts.ts';
import { signUpTenant, freshEmail, logIn, PASSWORD, type Founder } from '../support/people.ts';
import { at, reasonOf, rest } from '../support/rest.ts';
import { ENDED, LIVE, refusalsOf } from './pairs.ts';
import { askReset, confirmReset } from './resets.ts';

const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
let ada: Founder;
let root: Awaited<ReturnType<typeof logIn>>;

beforeAll(async () => {
  [ada, root] = await Promise.all([signUpTenant(place), logIn(place, place.superuser)]);
});
afterAll(() => owner[Symbol.asyncDispose]());

const enter = (email: string, password = PASSWORD) =>
  rest(place.url, 'POST', '/auth/login', { body: { email, password } });

test('a disabled user is refused with the next request, and cannot get in again', async () => {
  const grace = await addMember(place, ada);
  const lobby = await logIn(place, { email: grace.email });
  const disabled = await root.client.admin.disableUser.mutate({ id: grace.userId });
  expect(disabled).toMatchObject({ id: grace.userId, email: grace.email, disabledAt: aTime });

  for (const { login } of [grace, lobby]) expect(await refusalsOf(place, login)).toEqual(ENDED);
  const inTenant = { token: grace.login.accessToken, tenant: ada.slug };
  expect(reasonOf(await rest(place.url, 'GET', '/projects', inTenant))).toBe('UNAUTHENTICATED');
  const [own, wrong, unknown] = await Promise.all([
    enter(grace.email),
    enter(grace.email, 'not-the-password-of-anyone'),
    enter(freshEmail('nobody')),
  ]);
  expect([own.status, reasonOf(own)]).toEqual([401, 'INVALID_CREDENTIALS']);
  for (const { body } of [wrong, unknown]) {
    expect({ ...Object(body), requestId: '' }).toEqual({ ...Object(own.body), requestId: '' });
  }
  const again = await root.client.admin.disableUser.mutate({ id: grace.userId });
  expect(again.disabledAt, 'as it was').toBe(disabled.disabledAt);
});

test('a user who is enabled again can log in, and sessions and links from before stay invalid', async () => {
  const grace = await addMember(place, ada);
  const { token } = await askReset(place, grace.email);
  await root.client.admin.disableUser.mutate({ id: grace.userId });
  const enabled = await root.client.admin.enableUser.mutate({ id: grace.userId });
  expect(enabled).toMatchObject({ id: grace.userId, disabledAt: null });
  expect(await refusalsOf(place, grace.login)).toEqual(ENDED);
  expect(reasonOf(await confirmReset(place, token))).toBe('TOKEN_INVALID');
  const { login } = await logIn(place, { email: grace.email, slug: ada.slug });
  expect(login.tenant?.role).toBe('member');
  expect(await refusalsOf(place, login)).toEqual(LIVE);
});

test("disabling and enabling a user are written to the platform's log, with the operator and the change", async () => {
  const { userId } = await addMember(place, ada);
  await root.client.admin.disableUser.mutate({ id: userId });
  await root.client.admin.enableUser.mutate({ id: userId });
  const rows = await owner.sql`
    select tenant_id, action, actor_id, outcome, changes from public.audit_logs
    where entity_type = 'user' and entity_id = ${userId} and actor_id = ${root.login.user.id} order by id`;
  const row = { tenant_id: null, actor_id: root.login.user.id, outcome: 'success' };
  expect([...rows]).toEqual([
    { ...row, action: 'user.disable', changes: { disabledAt: [null, aTime] } },
    { ...row, action: 'user.enable', changes: { disabledAt: [aTime, null] } },
  ]);
});

for (const mount of MOUNTS) {
  test(`${mount}: only an operator can disable a user, and neither themselves nor an unknown user`, async () => {
    const grace = await addMember(place, ada);
    const call = async (procedure: 'admin.disableUser' | 'admin.enableUser', token: string, id: string) => {
      const answer = await callOn(mount, place.url, procedure, { token, body: { id } });
      return [answer.status, reasonOf(answer)];
    };
    const { accessToken: token } = root.login;
    expect(await call('admin.disableUser', token, root.login.user.id)).toEqual([403, 'FORBIDDEN']);
    for (const procedure of ['admin.disableUser', 'admin.enableUser'] as const) {
      expect(await call(procedure, token, crypto.randomUUID())).toEqual([404, 'NOT_FOUND']);
      expect(await call(procedure, ada.tokens().accessToken, grace.userId)).toEqual([403, 'FORBIDDEN']);
      expect(await call(procedure, grace.login.accessToken, grace.userId)).toEqual([403, 'FORBIDDEN']);
    }
    expect(await refusalsOf(place, grace.login)).toEqual(LIVE);
  });

  test(`${mount}: an operator finds an account by its address in any letter case`, async () => {
    const grace = await addMember(place, ada);
    const find = async (email: string, token = root.login.accessToken) =>
      await callOn(mount, place.url, 'admin.users', { token, body: { email } });
    expect(resultOf(mount, await find(` ${grace.email.toUpperCase()}`))).toEqual({
      items: [
        {
          id: grace.userId,
          email: grace.email,
          fullName: 'Grace Hopper',
          createdAt: aTime,
          isSuperuser: false,
          disabledAt: null,
        },
      ],
      nextCursor: null,
    });
    const self = resultOf(mount, await find(place.superuser.email));
    expect(at(self, 'items', 0, 'isSuperuser')).toBe(true);
    expect(resultOf(mount, await find(freshEmail('nobody')))).toEqual({ items: [], nextCursor: null });
    expect(reasonOf(await find(grace.email, ada.tokens().accessToken))).toBe('FORBIDDEN');
  });
}

test('an operator pages through all accounts, newest first', async () => {
  const people: string[] = [];
  for (let left = 3; left > 0; left -= 1) people.unshift((await addMember(place, ada)).userId);
  const listed: string[] = [];
  let cursor = uuidv7();
  // Accounts of other tests may be listed between them.
  while (!listed.includes(people.at(-1) ?? '')) {
    const { items, nextCursor } = await root.client.admin.users.query({ limit: 2, cursor });
    expect(items).toHaveLength(2);
    listed.push(...items.map(({ id }) => id));
    cursor = nextCursor ?? '';
  }
  expect(listed).toEqual(listed.toSorted().toReversed());
  expect(new Set(listed).size).toBe(listed.length);
  expect(listed.filter((id) => people.includes(id))).toEqual(people);
});
