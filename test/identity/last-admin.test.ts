import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, type Founder } from '../support/people.ts';
import { at, reasonOf, rest, type Answer } from '../support/rest.ts';
import { meet } from './meeting.ts';
import { outcomesOf } from './outcomes.ts';

// A tenant always has an admin who can log in.
const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
const ROUNDS = 20;

type Admin = Pick<Founder, 'userId' | 'tokens'>;
let ada: Founder;
let grace: Awaited<ReturnType<typeof addMember>>;
let alan: Awaited<ReturnType<typeof addMember>>;

beforeAll(async () => {
  ada = await signUpTenant(place);
  [grace, alan] = await Promise.all([addMember(place, ada), addMember(place, ada)]);
});
afterAll(() => owner[Symbol.asyncDispose]());

/** Makes these people admins of the tenant, and the others of the three members. */
async function setAdmins(...admins: Admin[]): Promise<void> {
  for (const { userId } of [ada, grace, alan]) {
    const role = admins.some((admin) => admin.userId === userId) ? 'admin' : 'member';
    await owner.sql`
      insert into public.user_tenant_membership (user_id, tenant_id, role) values (${userId}, ${ada.tenantId}, ${role})
      on conflict (user_id, tenant_id) do update set role = ${role}`;
  }
}

async function adminsLeft(): Promise<number> {
  const rows = await owner.sql`
    select from public.user_tenant_membership m join public.users u on u.id = m.user_id
    where m.tenant_id = ${ada.tenantId} and m.role = 'admin' and u.disabled_at is null`;
  return rows.length;
}

const as = (admin: Admin) => ({ token: admin.tokens().accessToken, tenant: ada.slug });
const demote = (by: Admin, whom: Admin): Promise<Answer> =>
  rest(place.url, 'PATCH', `/members/${whom.userId}`, { ...as(by), body: { role: 'member' } });
const remove = (by: Admin, whom: Admin): Promise<Answer> =>
  rest(place.url, 'DELETE', `/members/${whom.userId}`, as(by));
const leave = (who: Admin): Promise<Answer> => rest(place.url, 'POST', '/members/leave', as(who));

test('the last admin of a tenant cannot be demoted or removed, and cannot leave', async () => {
  await setAdmins(ada);
  const answers = [await demote(ada, ada), await remove(ada, ada), await leave(ada)];
  expect(answers.map((answer) => [answer.status, reasonOf(answer)])).toEqual(answers.map(() => [409, 'LAST_ADMIN']));
  expect(await adminsLeft()).toBe(1);
});

test('an admin can demote or remove themselves, or leave, while there is another admin', async () => {
  for (const step of [() => demote(ada, ada), () => remove(ada, ada), () => leave(ada)]) {
    await setAdmins(ada, grace);
    expect(reasonOf(await step())).toBeUndefined();
    expect(await adminsLeft()).toBe(1);
  }
});

test('a disabled admin does not count as another admin', async () => {
  await setAdmins(ada, grace);
  await owner.sql`update public.users set disabled_at = now() where id = ${grace.userId}`;
  const answers = [await demote(ada, ada), await remove(ada, ada), await leave(ada)];
  await owner.sql`update public.users set disabled_at = null where id = ${grace.userId}`;
  expect(outcomesOf(answers)).toEqual(['LAST_ADMIN', 'LAST_ADMIN', 'LAST_ADMIN']);
});

test('making the last admin an admin again succeeds and changes nothing', async () => {
  await setAdmins(ada);
  const answer = await rest(place.url, 'PATCH', `/members/${ada.userId}`, { ...as(ada), body: { role: 'admin' } });
  expect([answer.status, at(answer.body, 'role')]).toEqual([200, 'admin']);
});

test(`two admins who demote each other at once leave one admin, ${ROUNDS} times out of ${ROUNDS}`, async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    await setAdmins(ada, grace);
    const answers = await Promise.all([demote(ada, grace), demote(grace, ada)]);
    expect(outcomesOf(answers)).toEqual(['FORBIDDEN', 'done']);
    expect(await adminsLeft()).toBe(1);
  }
});

test('two admins who demote each other leave one admin, also if both passed the check before either change', async () => {
  await setAdmins(ada, grace);
  const answers = await meet(place, {
    lock: (tx) => tx`select from public.tenants where id = ${ada.tenantId} for update`,
    calls: () => Promise.all([demote(ada, grace), demote(grace, ada)]),
    waiting: 2,
  });
  expect(outcomesOf(answers)).toEqual(['FORBIDDEN', 'done']);
  expect(await adminsLeft()).toBe(1);
});

test('two admins who leave at once leave one admin', async () => {
  await setAdmins(ada, grace);
  const answers = await meet(place, {
    lock: (tx) => tx`select from public.tenants where id = ${ada.tenantId} for update`,
    calls: () => Promise.all([leave(ada), leave(grace)]),
    waiting: 2,
  });
  expect(outcomesOf(answers)).toEqual(['LAST_ADMIN', 'done']);
  expect(await adminsLeft()).toBe(1);
});

test('three admins who demote each other in a ring leave one admin', async () => {
  for (let round = 0; round < 3; round += 1) {
    await setAdmins(ada, grace, alan);
    const answers = await meet(place, {
      lock: (tx) => tx`select from public.tenants where id = ${ada.tenantId} for update`,
      calls: () => Promise.all([demote(ada, grace), demote(grace, alan), demote(alan, ada)]),
      waiting: 3,
    });
    expect(outcomesOf(answers)).toEqual(['FORBIDDEN', 'done', 'done']);
    expect(await adminsLeft()).toBe(1);
  }
});

test('an admin who steps down while the other one is disabled does not leave the tenant without an admin', async () => {
  await setAdmins(ada, grace);
  const answer = await meet(place, {
    lock: (tx) => tx`select from public.tenants where id = ${ada.tenantId} for update`,
    calls: () => leave(ada),
    change: (tx) => tx`update public.users set disabled_at = now() where id = ${grace.userId}`,
  });
  await owner.sql`update public.users set disabled_at = null where id = ${grace.userId}`;
  expect(reasonOf(answer)).toBe('LAST_ADMIN');
});
