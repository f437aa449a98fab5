import { expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { mailsTo, nextMail, tokenIn } from '../support/mail.ts';
import { signUpTenant, freshEmail, freshSlug, PASSWORD } from '../support/people.ts';
import { at, reasonOf, rest, type Answer } from '../support/rest.ts';

const place = inject('stack');
const OTHER_PASSWORD = 'brisk-walrus-folds-nine-umbrellas';

async function register(email: string, slug = freshSlug(), password = PASSWORD) {
  const body = { email, password, fullName: 'Ada Lovelace', tenantName: 'Acme', tenantSlug: slug };
  return { slug, answer: await rest(place.url, 'POST', '/auth/register', { body }) };
}

const verify = (token: string, password?: string) =>
  rest(place.url, 'POST', '/auth/verify-email', { body: { token, password } });
const resend = (email: string) => rest(place.url, 'POST', '/auth/resend-verification', { body: { email } });
const logIn = (email: string, password = PASSWORD) =>
  rest(place.url, 'POST', '/auth/login', { body: { email, password } });

test('a login before the address is verified is refused', async () => {
  const email = freshEmail();
  await register(email);

  const right = await logIn(email);
  expect([right.status, reasonOf(right)]).toEqual([403, 'EMAIL_NOT_VERIFIED']);
  const wrong = await logIn(email, OTHER_PASSWORD);
  expect([wrong.status, reasonOf(wrong)]).toEqual([401, 'INVALID_CREDENTIALS']);
});

test('a verification token works once', async () => {
  const email = freshEmail();
  await register(email);
  const token = tokenIn(await nextMail(place.mailDir, email));

  expect((await verify(token)).body).toEqual({ email });
  const again = await verify(token);
  expect([again.status, reasonOf(again)]).toEqual([400, 'TOKEN_INVALID']);
});

test('of many simultaneous uses of a verification token one succeeds', async () => {
  const email = freshEmail();
  await register(email);
  const token = tokenIn(await nextMail(place.mailDir, email));

  const answers = await Promise.all(Array.from({ length: 8 }, () => verify(token)));
  expect(statusesOf(answers)).toEqual([200, ...Array.from({ length: 7 }, () => 400)]);
});

test('an expired verification token is refused like an unknown one', async () => {
  const email = freshEmail();
  await register(email);
  const token = tokenIn(await nextMail(place.mailDir, email));
  await using owner = connect(place.databaseOwnerUrl);
  await owner.sql`update public.sign_ups set verification_expires_at = now() - interval '1 second' where email = ${email}`;

  const expired = await verify(token);
  const unknown = await verify(`${crypto.randomUUID()}.${token.split('.')[1] ?? ''}`);
  expect(reasonOf(expired)).toBe('TOKEN_INVALID');
  expect(at(expired.body, 'detail')).toBe(at(unknown.body, 'detail'));
});

test("a token made for one sign-up does not verify another's", async () => {
  const [mine, theirs] = [freshEmail('eve'), freshEmail('bob')];
  await Promise.all([register(mine), register(theirs)]);
  const [ownMac, id] = await Promise.all([
    nextMail(place.mailDir, mine).then((mail) => tokenIn(mail).split('.')[1]),
    nextMail(place.mailDir, theirs).then((mail) => tokenIn(mail).split('.')[0]),
  ]);
  expect(reasonOf(await verify(`${id}.${ownMac}`))).toBe('TOKEN_INVALID');
});

test('a new verification mail invalidates the link of the one before', async () => {
  const email = freshEmail();
  await register(email);
  const first = tokenIn(await nextMail(place.mailDir, email));
  expect((await resend(email)).status).toBe(202);
  const second = tokenIn(await nextMail(place.mailDir, email, 2));

  expect(reasonOf(await verify(first))).toBe('TOKEN_INVALID');
  expect((await verify(second)).status).toBe(200);
});

test('asking for another verification mail does not reveal whether there is a sign-up', async () => {
  const email = freshEmail();
  await register(email);
  await nextMail(place.mailDir, email);
  const known = await resend(email);
  const unknown = await resend(freshEmail('nobody'));
  expect([unknown.status, unknown.body]).toEqual([known.status, known.body]);
});

test('signing up with the address of an account reveals nothing, and reserves the slug', async () => {
  const { email } = await signUpTenant(place);
  const { slug, answer } = await register(email, freshSlug(), OTHER_PASSWORD);
  expect([answer.status, answer.body]).toEqual([202, { tenant: { slug, status: 'provisioning' } }]);
  expect(reasonOf((await register(freshEmail(), slug)).answer)).toBe('SLUG_TAKEN');

  const mail = await nextMail(place.mailDir, email, 2);
  expect(mail.subject).toBe('You already have an account');
  expect(mail.text).not.toContain('token=');

  // With the password of the sign-up the answer is the same as without an account.
  expect(reasonOf(await logIn(email, OTHER_PASSWORD))).toBe('EMAIL_NOT_VERIFIED');
  expect((await logIn(email)).status).toBe(200);
});

test('the first sign-up of an address to be verified voids the others', async () => {
  const email = freshEmail();
  await register(email, freshSlug(), OTHER_PASSWORD);
  const stranger = tokenIn(await nextMail(place.mailDir, email));
  await register(email);
  const own = await nextMail(place.mailDir, email, 2);
  const tokens = (await mailsTo(place.mailDir, email)).map(tokenIn);
  expect(tokens).toEqual([stranger, tokenIn(own)]);

  expect((await verify(tokenIn(own), PASSWORD)).status).toBe(200);
  expect(reasonOf(await verify(stranger, OTHER_PASSWORD))).toBe('TOKEN_INVALID');
  // The same answer as before: it must not show that the address has an account now.
  expect(reasonOf(await logIn(email, OTHER_PASSWORD))).toBe('EMAIL_NOT_VERIFIED');
  expect((await logIn(email)).status).toBe(200);
});

test('addresses compare trimmed and in lower case', async () => {
  const email = freshEmail();
  await register(`  ${email.toUpperCase()} `);
  const token = tokenIn(await nextMail(place.mailDir, email));
  expect((await verify(token)).body).toEqual({ email });
  expect((await logIn(` ${email.toUpperCase()}`)).status).toBe(200);
});

test('a slug is reserved for the first sign-up that asks for it', async () => {
  const slug = freshSlug();
  const answers = await Promise.all([register(freshEmail(), slug), register(freshEmail(), slug)]);
  expect(statusesOf(answers.map(({ answer }) => answer))).toEqual([202, 409]);
});

const statusesOf = (answers: readonly Pick<Answer, 'status'>[]): number[] =>
  answers.map(({ status }) => status).toSorted((a, b) => a - b);
