import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { nextMail, tokenIn } from '../support/mail.ts';
import { aTime, aUuidV7 } from '../support/matchers.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, logIn, PASSWORD, type Founder } from '../support/people.ts';
import { at, reasonOf, rest } from '../support/rest.ts';
import { freshSignUp } from '../support/sign-ups.ts';
import { acceptAs, acceptNew, invite, preview } from './invited.ts';
import { outcomeOf, outcomesOf } from './outcomes.ts';

const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
let ada: Founder;
let ben: Founder;

beforeAll(async () => {
  [ada, ben] = await Promise.all([signUpTenant(place), signUpTenant(place)]);
});
afterAll(() => owner[Symbol.asyncDispose]());

/** @returns the rows of the lobby about an address and its membership in ada's tenant */
async function standingOf(email: string) {
  const [row] = await owner.sql`
    select (select count(*)::int from public.users where email = ${email}) as accounts,
      (select min(password_hash) from public.users where email = ${email}) as hash,
      (select min(full_name) from public.users where email = ${email}) as name,
      (select array_agg(m.role) from public.user_tenant_membership m join public.users u on u.id = m.user_id
        where u.email = ${email} and m.tenant_id = ${ada.tenantId}) as roles,
      (select array_agg(i.accepted_at is not null) from public.invites i
        where i.email = ${email} and i.tenant_id = ${ada.tenantId}) as accepted`;
  return { ...row };
}

test('a new person who accepts an invite gets an account and the membership', async () => {
  const { email, token } = await invite(place, ada, { role: 'admin' });
  const answer = await acceptNew(place, token);
  expect([answer.status, answer.body]).toEqual([
    200,
    {
      user: { id: aUuidV7, email, fullName: 'Grace Hopper', createdAt: aTime },
      tenant: { id: ada.tenantId, slug: ada.slug, name: 'Acme', status: 'ready', role: 'admin' },
    },
  ]);
  const { client } = await logIn(place, { email, slug: ada.slug });
  expect((await client.members.list.query({})).items.map((member) => member.email)).toContain(email);
  const [row] = await owner.sql`
    select tenant_id, actor_id, changes from public.audit_logs where action = 'invite.accept' and outcome = 'success'
    and actor_id = (select id from public.users where email = ${email})`;
  expect(row).toMatchObject({ tenant_id: ada.tenantId, changes: { role: [null, 'admin'] } });
});

test('a user with an account accepts an invite by any access token of theirs, and keeps password and name', async () => {
  const inTenant = await addMember(place, ben);
  const inLobby = await addMember(place, ben);
  const lobby = await logIn(place, { email: inLobby.email });
  for (const [email, token] of [
    [inTenant.email, inTenant.login.accessToken],
    [inLobby.email, lobby.login.accessToken],
  ] as const) {
    const invited = await invite(place, ada, { email });
    const before = await standingOf(email);
    const body = { token: invited.token, password: 'brisk-walrus-folds-nine-umbrellas', fullName: 'Someone Else' };
    const answer = await rest(place.url, 'POST', '/invites/accept', { token, body });
    expect(answer).toMatchObject({ status: 200, body: { tenant: { slug: ada.slug, role: 'member' } } });
    expect(await standingOf(email)).toEqual({ ...before, roles: ['member'], accepted: [true] });
  }
  const { login } = await logIn(place, { email: inLobby.email, slug: ada.slug });
  expect(login.tenant?.role).toBe('member');
});

test('an invite cannot be accepted by an account with another address', async () => {
  const { email } = await addMember(place, ben);
  const invited = await invite(place, ada, { email });
  const before = await standingOf(email);
  const wrong = await acceptAs(place, ben.tokens().accessToken, invited.token);
  expect([wrong.status, reasonOf(wrong)]).toEqual([403, 'FORBIDDEN']);
  expect(await standingOf(email)).toEqual(before);
  expect(await standingOf(ben.email)).toMatchObject({ roles: null });
});

test('an invite alone does not open the account that its address has', async () => {
  const { email } = await addMember(place, ben);
  const invited = await invite(place, ada, { email, role: 'admin' });
  const before = await standingOf(email);
  const answers = [
    await acceptNew(place, invited.token, { password: 'brisk-walrus-folds-nine-umbrellas' }),
    await rest(place.url, 'POST', '/invites/accept', { body: { token: invited.token } }),
    await acceptAs(place, 'no-token-of-ours', invited.token),
  ];
  expect(answers.map(outcomeOf)).toEqual(answers.map(() => 'UNAUTHENTICATED'));
  expect(await standingOf(email)).toEqual(before);
  expect(
    await owner.sql`select from public.sessions s join public.users u on u.id = s.user_id where u.email = ${email}`,
  ).toHaveLength(1);
});

test('an invalid access token beside an invite creates no account', async () => {
  const invited = await invite(place, ada);
  const body = { token: invited.token, password: PASSWORD, fullName: 'Grace Hopper' };
  const answer = await rest(place.url, 'POST', '/invites/accept', { token: 'no-token-of-ours', body });
  expect(reasonOf(answer)).toBe('UNAUTHENTICATED');
  expect(await standingOf(invited.email)).toMatchObject({ accounts: 0, accepted: [false] });
});

test('an invite accepted without a name or with a weak password is refused, and stays open', async () => {
  const { email, token } = await invite(place, ada);
  const bare = await rest(place.url, 'POST', '/invites/accept', { body: { token } });
  expect([bare.status, reasonOf(bare)]).toEqual([400, 'VALIDATION_FAILED']);
  expect([at(bare.body, 'issues', 0, 'path'), at(bare.body, 'issues', 1, 'path')]).toEqual([
    ['password'],
    ['fullName'],
  ]);
  for (const password of ['short', 'passwordpassword', email]) {
    expect(reasonOf(await acceptNew(place, token, { password }))).toBe('PASSWORD_TOO_WEAK');
  }
  expect(await standingOf(email)).toMatchObject({ accounts: 0, accepted: [false] });
  expect((await acceptNew(place, token)).status).toBe(200);
});

test('of 20 simultaneous acceptances by a new person one succeeds, and makes one account and one membership', async () => {
  const { email, token } = await invite(place, ada);
  const answers = await Promise.all(Array.from({ length: 20 }, () => acceptNew(place, token)));
  expect(outcomesOf(answers)).toEqual([...Array.from({ length: 19 }, () => 'TOKEN_INVALID'), 'done']);
  expect(await standingOf(email)).toMatchObject({ accounts: 1, roles: ['member'], accepted: [true] });
});

test('of 20 simultaneous acceptances by a user with an account one succeeds, and makes one membership', async () => {
  const { email, login } = await addMember(place, ben);
  const { token } = await invite(place, ada, { email, role: 'admin' });
  const answers = await Promise.all(Array.from({ length: 20 }, () => acceptAs(place, login.accessToken, token)));
  expect(outcomesOf(answers)).toEqual([...Array.from({ length: 19 }, () => 'TOKEN_INVALID'), 'done']);
  expect(await standingOf(email)).toMatchObject({ accounts: 1, roles: ['admin'], accepted: [true] });
});

test('accepting an invite keeps the role of someone who became a member meanwhile', async () => {
  const { email, userId, login } = await addMember(place, ben);
  const { token } = await invite(place, ada, { email, role: 'admin' });
  await owner.sql`
    insert into public.user_tenant_membership (user_id, tenant_id, role) values (${userId}, ${ada.tenantId}, 'member')`;
  const answer = await acceptAs(place, login.accessToken, token);
  expect([answer.status, reasonOf(answer)]).toEqual([409, 'ALREADY_MEMBER']);
  expect(await standingOf(email)).toMatchObject({ roles: ['member'] });
});

test('an account that was made by an invite voids the sign-ups of its address', async () => {
  const signUp = { ...freshSignUp(), password: 'three-patient-herons-share-a-ladder' };
  await rest(place.url, 'POST', '/auth/register', { body: signUp });
  const verification = tokenIn(await nextMail(place.mailDir, signUp.email));
  const { token } = await invite(place, ada, { email: signUp.email });
  expect((await acceptNew(place, token)).status).toBe(200);
  expect(
    await owner.sql`select from public.sign_ups where email = ${signUp.email} and voided_at is not null`,
  ).toHaveLength(1);
  const late = await rest(place.url, 'POST', '/auth/verify-email', { body: { token: verification } });
  expect(reasonOf(late)).toBe('TOKEN_INVALID');
  const { client } = await logIn(place, { email: signUp.email });
  expect((await client.users.myTenants.query({})).items.map(({ slug }) => slug)).toEqual([ada.slug]);
});

test('an invite that is revoked and accepted at the same time is one or the other, never both', async () => {
  for (let round = 0; round < 6; round += 1) {
    const { email, login } = await addMember(place, ben);
    const { id, token } = await invite(place, ada, { email });
    const [accepted, revoked] = await Promise.all([
      acceptAs(place, login.accessToken, token),
      rest(place.url, 'DELETE', `/invites/${id}`, { token: ada.tokens().accessToken, tenant: ada.slug }),
    ]);
    const outcome = [outcomeOf(accepted), outcomeOf(revoked)];
    expect([
      ['done', 'CONFLICT'],
      ['TOKEN_INVALID', 'done'],
    ]).toContainEqual(outcome);
    expect(await standingOf(email)).toMatchObject({ roles: outcome[0] === 'done' ? ['member'] : null });
  }
});

test.each(['suspended', 'deleted', 'failed'])(
  'an invite into a tenant that is %s is refused, and reveals nothing of the tenant',
  async (status) => {
    const eve = await signUpTenant(place);
    const { token } = await invite(place, eve);
    await owner.sql`update public.tenants set status = ${status} where id = ${eve.tenantId}`;
    expect(reasonOf(await preview(place, token))).toBe('TOKEN_INVALID');
    expect(reasonOf(await acceptNew(place, token))).toBe('TOKEN_INVALID');
    await owner.sql`update public.tenants set status = 'ready' where id = ${eve.tenantId}`;
    expect(await acceptNew(place, token)).toMatchObject({ status: 200 });
  },
);
