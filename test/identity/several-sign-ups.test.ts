import { afterAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { mailsTo, nextMail } from '../support/mail.ts';
import { callOn, MOUNTS, resultOf } from '../support/mounts.ts';
import { freshEmail, logIn } from '../support/people.ts';
import { at, reasonOf, rest } from '../support/rest.ts';
import { freshSignUp } from '../support/sign-ups.ts';
import { signUpsAt, STRANGER, VICTIM } from './address-sign-ups.ts';
import { meet } from './meeting.ts';
import { outcomeOf } from './outcomes.ts';
import { mint } from './resets.ts';

// Anyone can sign up with the address of another person. A click on the wrong mail must not accept the stranger's password.
const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
afterAll(() => owner[Symbol.asyncDispose]());
const { signUp, bothSignUp, verify, preview, enter } = signUpsAt(place);

test.each(MOUNTS)(
  "the link of one of several sign-ups needs that sign-up's password, and a refusal does not use it up, by %s",
  async (mount) => {
    const { email, theirs, own } = await bothSignUp();
    const call = (token: string, password?: string) =>
      callOn(mount, place.url, 'auth.verifyEmail', { body: { token, ...(password !== undefined && { password }) } });
    for (const [token, password] of [
      [theirs.token, undefined],
      [theirs.token, VICTIM],
      [own.token, undefined],
      [own.token, STRANGER],
    ] as const) {
      const refused = await call(token, password);
      expect([refused.status, reasonOf(refused)]).toEqual([401, 'INVALID_CREDENTIALS']);
    }
    expect(await enter(email, STRANGER), 'no account was made').toBe('EMAIL_NOT_VERIFIED');

    expect(resultOf(mount, await call(own.token, VICTIM))).toEqual({ email });
    const { client } = await logIn(place, { email, password: VICTIM });
    expect((await client.users.myTenants.query({})).items.map(({ slug }) => slug)).toEqual([own.tenantSlug]);
    expect(await enter(email, STRANGER)).toBe('EMAIL_NOT_VERIFIED');
    expect(outcomeOf(await verify(theirs.token, STRANGER))).toBe('TOKEN_INVALID');
  },
);

test('the mail and the refusal for one of several sign-ups name its tenant, slug and minute', async () => {
  const { email, theirs, own } = await bothSignUp();
  const mails = await mailsTo(place.mailDir, email);
  for (const [index, { token, tenantSlug }] of [theirs, own].entries()) {
    const [row] = await owner.sql<{ minute: string }[]>`
      select to_char(s.created_at at time zone 'UTC', 'YYYY-MM-DD "at" HH24:MI "UTC"') as minute
      from public.sign_ups s join public.tenants t on t.id = s.tenant_id where t.slug = ${tenantSlug}`;
    const named = `${tenantSlug} (signed up on ${row?.minute}, with the name "Acme")`;
    expect(mails[index]?.text.replaceAll('\n', ' ')).toContain(named);
    for (const password of [undefined, 'not-the-password-at-all']) {
      expect(at((await verify(token, password)).body, 'detail')).toContain(named);
    }
  }
});

test.each([
  ['the only sign-up of an address', 'select'],
  ['a sign-up beside one that is voided', 'update public.sign_ups set voided_at = now() where email = $1 and id <> $2'],
  [
    'a sign-up beside one that is 7 days old',
    "update public.sign_ups set created_at = now() - interval '7 days' where email = $1 and id <> $2",
  ],
])('%s is verified by its token alone, whatever the password', async (_, change) => {
  const email = freshEmail();
  if (change !== 'select') await signUp(email, STRANGER, 1);
  const own = await signUp(email, VICTIM, change === 'select' ? 1 : 2);
  const [row] = await owner.sql<{ id: string }[]>`
    select id from public.sign_ups where email = ${email} order by id desc limit 1`;
  if (change !== 'select') await owner.sql.unsafe(change, [email, row?.id ?? '']);
  expect(at((await preview(own.token)).body, 'needsPassword')).toBe(false);
  const answer = await verify(own.token, change === 'select' ? 'not-the-password-at-all' : undefined);
  expect(answer.body).toEqual({ email });
});

test('a sign-up whose link has expired still counts, and its own link is refused whatever the password', async () => {
  const { theirs, own } = await bothSignUp();
  await owner.sql`
    update public.sign_ups set verification_expires_at = now()
    where verification_id = ${theirs.token.split('.')[0] ?? ''}`;
  expect(outcomeOf(await verify(own.token))).toBe('INVALID_CREDENTIALS');
  for (const password of [undefined, STRANGER, VICTIM]) {
    expect(outcomeOf(await verify(theirs.token, password))).toBe('TOKEN_INVALID');
  }
});

test('a sign-up cannot be verified after 7 days, though its link was renewed', async () => {
  const { email, theirs } = await bothSignUp();
  await owner.sql`
    update public.sign_ups set created_at = now() - interval '7 days'
    where verification_id = ${theirs.token.split('.')[0] ?? ''}`;
  expect(outcomeOf(await verify(theirs.token, STRANGER))).toBe('TOKEN_INVALID');
  await rest(place.url, 'POST', '/auth/resend-verification', { body: { email } });
  await nextMail(place.mailDir, email, 3);
  const [row] = await owner.sql<{ same: boolean }[]>`
    select verification_id = ${theirs.token.split('.')[0] ?? ''} as same from public.sign_ups
    where email = ${email} order by id limit 1`;
  expect(row?.same, 'it gets no new link').toBe(true);
});

test('sign-ups that arrive during a verification neither make a second account nor prevent the first', async () => {
  const email = freshEmail();
  const own = await signUp(email, VICTIM, 1);
  const late = [freshSignUp(), freshSignUp()].map((made) => Object.assign(made, { email, password: STRANGER }));
  const verified = await meet(place, {
    lock: (tx) => tx`select from public.sign_ups where email = ${email} for update`,
    calls: () => verify(own.token),
    change: () => Promise.all(late.map((body) => rest(place.url, 'POST', '/auth/register', { body }))),
  });
  expect(outcomeOf(verified)).toBe('done');
  for (const { tenantSlug } of late) {
    const [row] = await owner.sql<{ id: string }[]>`
      select s.verification_id as id from public.sign_ups s join public.tenants t on t.id = s.tenant_id
      where t.slug = ${tenantSlug} and s.voided_at is null`;
    const token = mint(place, { kind: 'verify-email', id: row?.id ?? '', email });
    for (const password of [undefined, STRANGER]) {
      expect(outcomeOf(await verify(token, password))).toBe('TOKEN_INVALID');
    }
  }
  expect([await enter(email, VICTIM), await enter(email, STRANGER)]).toEqual(['done', 'EMAIL_NOT_VERIFIED']);
});
