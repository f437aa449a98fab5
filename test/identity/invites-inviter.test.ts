import { beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, freshEmail, logIn, type Founder } from '../support/people.ts';
import { reasonOf, rest } from '../support/rest.ts';
import { invite, preview, type Invited } from './invited.ts';
import { meet } from './meeting.ts';

// An invite is void if its inviter could no longer send it.
const place = inject('stack');
let ada: Founder;
let root: Awaited<ReturnType<typeof logIn>>;

beforeAll(async () => {
  [ada, root] = await Promise.all([signUpTenant(place), logIn(place, place.superuser)]);
});

/** Adds an admin to ada's tenant who has invited an admin and a member. */
async function addInviter() {
  const inviter = await addMember(place, ada, 'admin');
  const asAdmin = await invite(place, inviter, { role: 'admin' });
  const asMember = await invite(place, inviter, { role: 'member' });
  return { ...inviter, asAdmin, asMember };
}

const works = async ({ token }: Invited): Promise<boolean> => (await preview(place, token)).status === 200;

test.each([
  ['is removed', ({ userId }) => ada.client.members.remove.mutate({ userId })],
  ['leaves', ({ client }) => client.members.leave.mutate()],
  ['is disabled', ({ userId }) => root.client.admin.disableUser.mutate({ id: userId })],
] satisfies [string, (inviter: Awaited<ReturnType<typeof addInviter>>) => Promise<unknown>][])(
  'the open invites of an admin who %s are revoked, and those of others stay open',
  async (_, goes) => {
    const inviter = await addInviter();
    const other = await invite(place, ada, { role: 'admin' });
    await goes(inviter);
    expect([await works(inviter.asAdmin), await works(inviter.asMember), await works(other)]).toEqual([
      false,
      false,
      true,
    ]);
    const statuses = await Promise.all(
      [inviter.asAdmin, inviter.asMember, other].map(({ id }) => ada.client.invites.get.query({ id })),
    );
    expect(statuses.map(({ status }) => status)).toEqual(['revoked', 'revoked', 'pending']);
    const { items } = await ada.client.audit.list.query({ action: 'invite.revoke', limit: 2 });
    const written = items.map(({ entityId }) => entityId ?? '').toSorted((a, b) => (a < b ? -1 : 1));
    expect(written).toEqual([inviter.asAdmin.id, inviter.asMember.id]);
  },
);

test('when an admin becomes a member, their open invites for admins are revoked', async () => {
  const inviter = await addInviter();
  await ada.client.members.updateRole.mutate({ userId: inviter.userId, role: 'member' });
  expect([await works(inviter.asAdmin), await works(inviter.asMember)]).toEqual([false, true]);
});

test('invites of the same admin in another tenant stay open', async () => {
  const inviter = await addInviter();
  const ben = await signUpTenant(place);
  await using owner = connect(place.databaseOwnerUrl);
  await owner.sql`
    insert into public.user_tenant_membership (user_id, tenant_id, role)
    values (${inviter.userId}, ${ben.tenantId}, 'admin')`;
  const there = await invite(place, await logIn(place, { email: inviter.email, slug: ben.slug }), { role: 'admin' });
  await ada.client.members.remove.mutate({ userId: inviter.userId });
  expect([await works(inviter.asAdmin), await works(there)]).toEqual([false, true]);
});

/** Invites someone as an admin, and makes a change while the call waits to insert the invite. */
async function inviteMeanwhile(inviter: { login: { accessToken: string } }, change: () => Promise<unknown>) {
  const email = freshEmail('late');
  const answer = await meet(place, {
    lock: (tx) => tx`select from public.tenants where id = ${ada.tenantId} for no key update`,
    calls: () =>
      rest(place.url, 'POST', '/invites', {
        token: inviter.login.accessToken,
        tenant: ada.slug,
        body: { email, role: 'admin' },
      }),
    change,
  });
  await using owner = connect(place.databaseOwnerUrl);
  const open = await owner.sql`
    select from public.invites where email = ${email} and revoked_at is null and accepted_at is null`;
  return { reason: reasonOf(answer), open: open.length };
}

test('an invite is not created if its creator is demoted or removed at the same time', async () => {
  await using owner = connect(place.databaseOwnerUrl);
  const [demoted, removed] = [await addMember(place, ada, 'admin'), await addMember(place, ada, 'admin')];
  const late = await inviteMeanwhile(
    demoted,
    async () =>
      await owner.sql`update public.user_tenant_membership set role = 'member' where user_id = ${demoted.userId}`,
  );
  expect(late).toEqual({ reason: 'FORBIDDEN', open: 0 });
  const later = await inviteMeanwhile(
    removed,
    async () => await owner.sql`delete from public.user_tenant_membership where user_id = ${removed.userId}`,
  );
  expect(later).toEqual({ reason: 'TENANT_NOT_FOUND', open: 0 });
});

test('an invite does not stay open if its creator is disabled at the same time', async () => {
  const inviter = await addMember(place, ada, 'admin');
  const { open } = await inviteMeanwhile(inviter, () => root.client.admin.disableUser.mutate({ id: inviter.userId }));
  expect(open).toBe(0);
});
