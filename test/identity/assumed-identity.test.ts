import { v7 as uuidv7 } from 'uuid';
import { beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { callOn, MOUNTS, resultOf } from '../support/mounts.ts';
import { signUpTenant, logIn, type Founder } from '../support/people.ts';
import { at, reasonOf } from '../support/rest.ts';

const place = inject('stack');
const REASON = 'Ticket 4711: cannot see a project';
let ada: Founder;
let root: Awaited<ReturnType<typeof logIn>>;

beforeAll(async () => {
  [ada, root] = await Promise.all([signUpTenant(place), logIn(place, place.superuser)]);
});

const assume = (founder: Founder, mode: 'read' | 'write' = 'read', userId = founder.userId) =>
  root.client.admin.assumeIdentity.mutate({ userId, tenantSlug: founder.slug, reason: REASON, mode });

for (const mount of MOUNTS) {
  test(`${mount}: an operator reads as the member, and users.me names the operator`, async () => {
    const { accessToken: token, id } = await assume(ada);
    const call = { token, tenant: ada.slug, body: {} };
    const me = resultOf(mount, await callOn(mount, place.url, 'users.me', call));
    expect(me).toMatchObject({
      id: ada.userId,
      assumedIdentity: {
        id,
        operator: { id: root.login.user.id, email: place.superuser.email },
        mode: 'read',
        reason: REASON,
      },
    });
    expect((await callOn(mount, place.url, 'projects.list', call)).status).toBe(200);
    const body = { name: 'Not mine' };
    expect(reasonOf(await callOn(mount, place.url, 'projects.create', { ...call, body }))).toBe('READ_ONLY_IDENTITY');

    const { items } = await ada.client.audit.list.query({ operatorId: root.login.user.id, limit: 4 });
    expect(items.map(({ action, actorId, operatorId, outcome }) => [action, actorId, operatorId, outcome])).toEqual([
      ['project.create', ada.userId, root.login.user.id, 'denied'],
      ['project.list', ada.userId, root.login.user.id, 'success'],
      ['user.read', ada.userId, root.login.user.id, 'success'],
      ['identity.assume', root.login.user.id, root.login.user.id, 'success'],
    ]);
  });

  test(`${mount}: an identity in write mode can change the tenant's own tables, and nothing else`, async () => {
    const { accessToken: token } = await assume(ada, 'write');
    const call = { token, tenant: ada.slug, body: {} };
    const body = { name: `Mended over ${mount}` };
    const made = await callOn(mount, place.url, 'projects.create', { ...call, body });
    expect(at(resultOf(mount, made), 'name')).toBe(body.name);
    const invite = { ...call, body: { email: 'x@example.com', role: 'admin' } };
    expect(reasonOf(await callOn(mount, place.url, 'invites.create', invite))).toBe('FORBIDDEN');
    expect(reasonOf(await callOn(mount, place.url, 'users.myTenants', call))).toBe('FORBIDDEN');
    expect(reasonOf(await callOn(mount, place.url, 'auth.logoutAll', call))).toBe('FORBIDDEN');
  });
}

test('an operator cannot assume the identity of an operator, of themselves, of a disabled user or of a non-member', async () => {
  const member = await addMember(place, ada);
  await using owner = connect(place.databaseOwnerUrl);
  const reasons = async (userId: string): Promise<unknown> =>
    await assume(ada, 'read', userId).then(
      () => undefined,
      (error: unknown) => at(error, 'data', 'reason'),
    );
  expect(await reasons(root.login.user.id)).toBe('FORBIDDEN');
  expect(await reasons(crypto.randomUUID())).toBe('NOT_FOUND');
  await owner.sql`update public.users set is_superuser = true where id = ${member.userId}`;
  expect(await reasons(member.userId)).toBe('FORBIDDEN');
  await owner.sql`update public.users set is_superuser = false, disabled_at = now() where id = ${member.userId}`;
  expect(await reasons(member.userId)).toBe('FORBIDDEN');
});

test('an assumed identity ends at once when the operator ends it or logs out, or the tenant opts out', async () => {
  const ben = await signUpTenant(place);
  const list = async (token: string): Promise<unknown> =>
    reasonOf(await callOn('REST', place.url, 'projects.list', { token, tenant: ben.slug }));
  const first = await assume(ben);
  expect(await list(first.accessToken)).toBeUndefined();
  await root.client.admin.endAssumedIdentity.mutate({ id: first.id });
  expect(await list(first.accessToken)).toBe('UNAUTHENTICATED');

  const second = await assume(ben);
  await ben.client.tenants.update.mutate({ allowAssumedIdentity: false });
  expect(await list(second.accessToken)).toBe('UNAUTHENTICATED');
  await expect(assume(ben)).rejects.toMatchObject({ data: { reason: 'FORBIDDEN' } });
  await ben.client.tenants.update.mutate({ allowAssumedIdentity: true });
  expect(await list(second.accessToken)).toBe('UNAUTHENTICATED');

  const other = await logIn(place, place.superuser);
  const third = await other.client.admin.assumeIdentity.mutate({
    userId: ben.userId,
    tenantSlug: ben.slug,
    reason: REASON,
  });
  expect(await list(third.accessToken)).toBeUndefined();
  await other.client.auth.logout.mutate();
  expect(await list(third.accessToken)).toBe('UNAUTHENTICATED');
});

test('a read that fails under an assumed identity leaves a row of its failure in the audit log', async () => {
  const { accessToken: token } = await assume(ada);
  const answer = await callOn('REST', place.url, 'projects.get', { token, tenant: ada.slug, body: { id: uuidv7() } });
  expect(reasonOf(answer)).toBe('NOT_FOUND');
  const { items } = await ada.client.audit.list.query({ operatorId: root.login.user.id, limit: 1 });
  expect(items.map(({ action, outcome }) => [action, outcome])).toEqual([['project.read', 'failure']]);
});
