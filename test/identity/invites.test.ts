import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { nextMail, tokenIn } from '../support/mail.ts';
import { aTime, aUuidV7 } from '../support/matchers.ts';
import { addMember } from '../support/members.ts';
import { callOn, MOUNTS } from '../support/mounts.ts';
import { signUpTenant, freshEmail, type Founder } from '../support/people.ts';
import { at, reasonOf } from '../support/rest.ts';
import { acceptNew, invite, preview } from './invited.ts';

const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
let ada: Founder;
let ben: Founder;

beforeAll(async () => {
  [ada, ben] = await Promise.all([signUpTenant(place), signUpTenant(place)]);
});
afterAll(() => owner[Symbol.asyncDispose]());

const statusOf = async (id: string, { client } = ada) => (await client.invites.get.query({ id })).status;
const expire = (id: string) => owner.sql`update public.invites set expires_at = now() where id = ${id}`;
const reasonFrom = async (call: Promise<unknown>): Promise<unknown> =>
  await call.then(
    () => undefined,
    (error: unknown) => at(error, 'data', 'reason'),
  );

test('an invite is mailed to its address, and is valid for seven days', async () => {
  const email = freshEmail('grace');
  const made = await ada.client.invites.create.mutate({ email: ` ${email.toUpperCase()}`, role: 'member' });
  expect(made).toEqual({
    id: aUuidV7,
    email,
    role: 'member',
    status: 'pending',
    expiresAt: aTime,
    invitedBy: ada.userId,
  });
  const days = (Date.parse(made.expiresAt) - Date.now()) / (24 * 60 * 60 * 1000);
  expect(Math.abs(days - 7)).toBeLessThan(0.01);
  const mail = await nextMail(place.mailDir, email);
  expect(mail.subject).toBe('Ada Lovelace invites you to Acme');
  expect(mail.text).toContain(`\n${place.env['PUBLIC_URL']}/accept-invite?token=${tokenIn(mail)}\n`);
  expect((await acceptNew(place, tokenIn(mail))).status).toBe(200);
  expect(await statusOf(made.id)).toBe('accepted');
});

test('the preview of an invite shows its tenant and role, and does not use it up', async () => {
  const grace = await invite(place, ada, { role: 'admin' });
  const told = {
    tenantName: 'Acme',
    invitedBy: 'Ada Lovelace',
    role: 'admin',
    emailHint: `g***${grace.email.slice(grace.email.indexOf('@'))}`,
    hasAccount: false,
  };
  for (let looks = 3; looks > 0; looks -= 1) expect((await preview(place, grace.token)).body).toEqual(told);
  expect(await statusOf(grace.id)).toBe('pending');
  const known = await invite(place, ada, { email: ben.email });
  expect((await preview(place, known.token)).body).toMatchObject({ role: 'member', hasAccount: true });
});

test('expired, revoked, replaced, used and invented invites get the same refusal', async () => {
  const [expired, revoked, replaced, used, live] = [
    await invite(place, ada),
    await invite(place, ada),
    await invite(place, ada),
    await invite(place, ada),
    await invite(place, ada),
  ];
  await expire(expired.id);
  await ada.client.invites.revoke.mutate({ id: revoked.id });
  const newer = await invite(place, ada, { email: replaced.email, role: 'admin' });
  await acceptNew(place, used.token);
  const ids = [expired, revoked, replaced, used, newer].map(({ id }) => id);
  expect(await Promise.all(ids.map((id) => statusOf(id)))).toEqual([
    'expired',
    'revoked',
    'revoked',
    'accepted',
    'pending',
  ]);

  const madeUp = `${live.id}.${used.token.split('.')[1]}`;
  const answers = [];
  for (const { token } of [expired, revoked, replaced, used, { token: madeUp }, { token: live.id }]) {
    answers.push(await preview(place, token), await acceptNew(place, token));
  }
  expect(answers.map(reasonOf)).toEqual(answers.map(() => 'TOKEN_INVALID'));
  expect(new Set(answers.map(({ body }) => at(body, 'detail'))).size).toBe(1);
  expect(at((await preview(place, newer.token)).body, 'role')).toBe('admin');
});

test('a resent invite works, also after it had expired', async () => {
  const grace = await invite(place, ada);
  await nextMail(place.mailDir, grace.email);
  await expire(grace.id);
  expect(await statusOf(grace.id)).toBe('expired');
  const resent = await ada.client.invites.resend.mutate({ id: grace.id });
  expect(resent).toMatchObject({ id: grace.id, status: 'pending' });
  expect(Date.parse(resent.expiresAt)).toBeGreaterThan(Date.now() + 6 * 24 * 60 * 60 * 1000);
  const token = tokenIn(await nextMail(place.mailDir, grace.email, 2));
  expect((await acceptNew(place, token)).status).toBe(200);
});

test('an accepted invite can be neither resent nor revoked, and a revoked one cannot be resent', async () => {
  const [accepted, revoked] = [await invite(place, ada), await invite(place, ada)];
  await acceptNew(place, accepted.token);
  const { resend, revoke } = ada.client.invites;
  await revoke.mutate({ id: revoked.id });
  expect(await reasonFrom(revoke.mutate({ id: revoked.id })), 'as it is').toBeUndefined();
  expect(await reasonFrom(resend.mutate({ id: accepted.id }))).toBe('CONFLICT');
  expect(await reasonFrom(revoke.mutate({ id: accepted.id }))).toBe('CONFLICT');
  expect(await reasonFrom(resend.mutate({ id: revoked.id }))).toBe('CONFLICT');
  expect([await statusOf(accepted.id), await statusOf(revoked.id)]).toEqual(['accepted', 'revoked']);
});

test('a member cannot be invited again, in any spelling of their address', async () => {
  const { email } = await addMember(place, ada);
  const email2 = ` ${email.toUpperCase()}`;
  expect(await reasonFrom(ada.client.invites.create.mutate({ email: email2, role: 'admin' }))).toBe('ALREADY_MEMBER');
  expect(await reasonFrom(ben.client.invites.create.mutate({ email, role: 'member' }))).toBeUndefined();
});

test('of many simultaneous invites to one address one stays open', async () => {
  const email = freshEmail('grace');
  await Promise.all(Array.from({ length: 8 }, () => ada.client.invites.create.mutate({ email, role: 'member' })));
  const { items } = await ada.client.invites.list.query({ limit: 100 });
  const states = items.filter((item) => item.email === email).map(({ status }) => status);
  expect(states.toSorted()).toEqual(['pending', ...Array.from({ length: 7 }, () => 'revoked')]);
});

test('paging through invites gives those of the own tenant only, newest first', async () => {
  const made = [];
  for (let left = 3; left > 0; left -= 1) made.unshift((await invite(place, ada)).id);
  await invite(place, ben);
  const first = await ada.client.invites.list.query({ limit: 2 });
  const second = await ada.client.invites.list.query({ limit: 2, cursor: first.nextCursor ?? '' });
  expect([...first.items, ...second.items].slice(0, 3).map(({ id }) => id)).toEqual(made);
});

for (const mount of MOUNTS) {
  test(`${mount}: invites of another tenant are not found, and do not change`, async () => {
    const theirs = await invite(place, ben);
    const call = { token: ada.tokens().accessToken, tenant: ada.slug, body: { id: theirs.id } };
    for (const procedure of ['invites.get', 'invites.resend', 'invites.revoke'] as const) {
      const answer = await callOn(mount, place.url, procedure, call);
      expect([procedure, answer.status, reasonOf(answer)]).toEqual([procedure, 404, 'NOT_FOUND']);
    }
    expect(await statusOf(theirs.id, ben)).toBe('pending');
  });

  test(`${mount}: a member cannot invite anyone`, async () => {
    const grace = await addMember(place, ada);
    const email = freshEmail('friend');
    const call = { token: grace.login.accessToken, tenant: ada.slug, body: { email, role: 'member' } };
    const answer = await callOn(mount, place.url, 'invites.create', call);
    expect([answer.status, reasonOf(answer)]).toEqual([403, 'FORBIDDEN']);
    expect(await owner.sql`select from public.invites where email = ${email}`).toHaveLength(0);
  });
}

test('names that strangers choose do not become links in the invite mail', async () => {
  const eve = await signUpTenant(place, {
    fullName: 'Eve http://evil.example/a?b=c www.evil.example',
    tenantName: 'Win at https://evil.example:8443/x or mail eve@evil.example',
  });
  const { email } = await invite(place, eve);
  const mail = await nextMail(place.mailDir, email);
  expect(mail.subject).toMatch(/^Eve http/);
  const words = `${mail.subject}\n${mail.text}`.replace(/^http\S+\/accept-invite\?token=\S+$/m, '');
  expect(words).toContain('Win at https');
  expect(words).not.toMatch(/:\/\/|\S\.\S|\S@\S|\S\/\S/);
});
