import type postgres from 'postgres';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, type Founder } from '../support/people.ts';
import { rest, type Answer } from '../support/rest.ts';
import { invite } from './invited.ts';
import { meet } from './meeting.ts';
import { outcomeOf, outcomesOf } from './outcomes.ts';

// A call by an admin waits for concurrent changes of the admin's own rights, and then checks them again.
const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
let ada: Founder;

beforeAll(async () => {
  ada = await signUpTenant(place);
});
afterAll(() => owner[Symbol.asyncDispose]());

type Admin = Pick<Founder, 'tokens' | 'userId'>;
const as = (admin: Admin) => ({ token: admin.tokens().accessToken, tenant: ada.slug });
const holdTenant = (tx: postgres.TransactionSql) =>
  tx`select from public.tenants where id = ${ada.tenantId} for no key update`;

test('of two admins who remove each other at the same time, one stays', async () => {
  const [grace, alan] = [await addMember(place, ada, 'admin'), await addMember(place, ada, 'admin')];
  const remove = (by: Admin, whom: Admin): Promise<Answer> =>
    rest(place.url, 'DELETE', `/members/${whom.userId}`, as(by));
  const answers = await meet(place, {
    lock: holdTenant,
    calls: () => Promise.all([remove(grace, alan), remove(alan, grace)]),
    waiting: 2,
  });
  expect(outcomesOf(answers)).toEqual(['TENANT_NOT_FOUND', 'done']);
});

test.each<[string, (open: { inviteId: string; keyId: string; userId: string }) => [string, string, object?]]>([
  ['resends no invite', ({ inviteId }) => ['POST', `/invites/${inviteId}/resend`]],
  ['revokes no invite', ({ inviteId }) => ['DELETE', `/invites/${inviteId}`]],
  ['makes no key', () => ['POST', '/api-keys', { name: 'Late', role: 'admin' }]],
  ['revokes no key', ({ keyId }) => ['DELETE', `/api-keys/${keyId}`]],
  ['renames no tenant', () => ['PATCH', '/tenants/current', { name: 'Late' }]],
  ['changes no role', ({ userId }) => ['PATCH', `/members/${userId}`, { role: 'admin' }]],
  ['removes nobody', ({ userId }) => ['DELETE', `/members/${userId}`]],
])('an admin who was made a member while the call waited %s', async (_, what) => {
  const [late, other] = [await addMember(place, ada, 'admin'), await addMember(place, ada)];
  const { id: inviteId } = await invite(place, ada);
  const { id: keyId } = await ada.client.apiKeys.create.mutate({ name: 'CI', role: 'member' });
  const [method, path, body] = what({ inviteId, keyId, userId: other.userId });
  const answer = await meet(place, {
    lock: holdTenant,
    calls: () => rest(place.url, method, path, { ...as(late), ...(body && { body }) }),
    change: (tx) => tx`update public.user_tenant_membership set role = 'member' where user_id = ${late.userId}`,
  });
  expect(outcomeOf(answer)).toBe('FORBIDDEN');
});

test('inviting someone whose invite is being accepted is refused as ALREADY_MEMBER', async () => {
  const guest = await signUpTenant(place);
  const { id } = await invite(place, ada, { email: guest.email });
  const answer = await meet(place, {
    lock: async (tx) => {
      await tx`update public.invites set accepted_at = now() where id = ${id}`;
      await tx`insert into public.user_tenant_membership (user_id, tenant_id, role) values (${guest.userId}, ${ada.tenantId}, 'member')`;
    },
    calls: () => rest(place.url, 'POST', '/invites', { ...as(ada), body: { email: guest.email, role: 'member' } }),
  });
  expect(outcomeOf(answer)).toBe('ALREADY_MEMBER');
  expect(
    await owner.sql`select from public.invites where email = ${guest.email} and accepted_at is null and revoked_at is null`,
  ).toHaveLength(0);
});

test('an invite that is accepted while it is revoked stays accepted', async () => {
  const { id } = await invite(place, ada);
  const answer = await meet(place, {
    lock: (tx) => tx`update public.invites set accepted_at = now() where id = ${id}`,
    calls: () => rest(place.url, 'DELETE', `/invites/${id}`, as(ada)),
  });
  expect(outcomeOf(answer)).toBe('CONFLICT');
  expect(await owner.sql`select from public.invites where id = ${id} and revoked_at is null`).toHaveLength(1);
});
