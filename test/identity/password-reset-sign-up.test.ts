import { expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { nextMail, tokenIn } from '../support/mail.ts';
import { freshEmail, logIn } from '../support/people.ts';
import { reasonOf, rest } from '../support/rest.ts';
import { freshSignUp } from '../support/sign-ups.ts';
import { askReset, confirmReset, NEW_PASSWORD } from './resets.ts';

// A password reset verifies the address.
const place = inject('stack');
const PASSWORDS = ['three-patient-herons-share-a-ladder', 'seven-yellow-kettles-argue-in-rain'] as const;

/** Signs up twice with one address. @returns the sign-ups, oldest first, with the tokens of their mails */
async function signUpTwice() {
  const email = freshEmail();
  const made = [];
  for (const [index, password] of PASSWORDS.entries()) {
    const signUp = { ...freshSignUp(), email, password };
    await rest(place.url, 'POST', '/auth/register', { body: signUp });
    made.push({ ...signUp, token: tokenIn(await nextMail(place.mailDir, email, index + 1)) });
  }
  return { email, signUps: made };
}

const enter = async (email: string, password: string): Promise<unknown> =>
  reasonOf(await rest(place.url, 'POST', '/auth/login', { body: { email, password } }));

test('where several sign-ups of an address are pending, a reset makes an account without a tenant, and voids them', async () => {
  const { email, signUps } = await signUpTwice();
  const { token } = await askReset(place, email);
  const mail = await nextMail(place.mailDir, email, 3);
  for (const { tenantSlug } of signUps) expect(mail.text).not.toContain(tenantSlug);
  expect((await confirmReset(place, token)).status).toBe(204);

  const { client, login } = await logIn(place, { email, password: NEW_PASSWORD });
  // The account has no value that a stranger has chosen.
  expect(login.user).toMatchObject({ email, fullName: email.split('@')[0] });
  expect((await client.users.myTenants.query({})).items).toEqual([]);
  expect(await statesOf(email)).toEqual([
    { verified: false, voided: true },
    { verified: false, voided: true },
  ]);
  for (const signUp of signUps) {
    const body = { token: signUp.token, password: signUp.password };
    expect(reasonOf(await rest(place.url, 'POST', '/auth/verify-email', { body }))).toBe('TOKEN_INVALID');
    // The password of the stranger gets the same answer as before.
    expect(await enter(email, signUp.password)).toBe('EMAIL_NOT_VERIFIED');
  }
});

test('where one sign-up of an address is pending, a reset makes it the account; its mail names it', async () => {
  const { email, signUps } = await signUpTwice();
  await using owner = connect(place.databaseOwnerUrl);
  await owner.sql`
    update public.sign_ups set created_at = now() - interval '7 days'
    where id = (select id from public.sign_ups where email = ${email} order by id limit 1)`;
  const { token } = await askReset(place, email);
  const mail = await nextMail(place.mailDir, email, 3);
  expect(mail.text.replaceAll('\n', ' ')).toMatch(
    new RegExp(`${signUps[1]?.tenantSlug} \\(signed up on [\\d-]{10} at \\d\\d:\\d\\d UTC, with the name "Acme"\\)`),
  );
  expect((await confirmReset(place, token)).status).toBe(204);

  const { client, login } = await logIn(place, { email, password: NEW_PASSWORD });
  expect(login.user).toMatchObject({ email, fullName: 'Ada Lovelace' });
  const { items } = await client.users.myTenants.query({});
  expect(items.map(({ slug, role }) => [slug, role])).toEqual([[signUps[1]?.tenantSlug, 'admin']]);
  expect(await statesOf(email)).toEqual([
    { verified: false, voided: false },
    { verified: false, voided: true },
  ]);
  // A stranger may have made this sign-up, so its password gets the same answer as before.
  expect(await enter(email, PASSWORDS[1])).toBe('EMAIL_NOT_VERIFIED');
});

test('a sign-up that comes between the reset mail and the new password leaves the account without a tenant', async () => {
  const email = freshEmail();
  await rest(place.url, 'POST', '/auth/register', { body: { ...freshSignUp(), email } });
  const { token } = await askReset(place, email);
  await rest(place.url, 'POST', '/auth/register', { body: { ...freshSignUp(), email } });
  expect((await confirmReset(place, token)).status).toBe(204);
  const { client } = await logIn(place, { email, password: NEW_PASSWORD });
  expect((await client.users.myTenants.query({})).items).toEqual([]);
});

test("a reset for the only sign-up of an address refuses a password that is made of the tenant's name", async () => {
  const email = freshEmail();
  const tenantName = 'Zephyrine Quorlax Industries';
  await rest(place.url, 'POST', '/auth/register', { body: { ...freshSignUp(), email, tenantName } });
  const { token } = await askReset(place, email);
  expect(reasonOf(await confirmReset(place, token, 'zephyrine quorlax industries'))).toBe('PASSWORD_TOO_WEAK');
  expect((await confirmReset(place, token)).status).toBe(204);
});

async function statesOf(email: string) {
  await using owner = connect(place.databaseOwnerUrl);
  const states = await owner.sql`
    select verified_at is not null as verified, voided_at is not null as voided from public.sign_ups
    where email = ${email} order by created_at`;
  return [...states];
}

test('a reset that makes an account invalidates the other links of its address', async () => {
  const { email } = await signUpTwice();
  const [first, second] = [await askReset(place, email), await askReset(place, email)];
  expect((await confirmReset(place, first.token)).status).toBe(204);
  expect(reasonOf(await confirmReset(place, second.token, `${NEW_PASSWORD}-again`))).toBe('TOKEN_INVALID');
  expect(await enter(email, NEW_PASSWORD)).toBeUndefined();
});

test('a reset for an address that nobody signed up with makes no account', async () => {
  const email = freshEmail('nobody');
  const { token } = await askReset(place, email);
  expect(reasonOf(await confirmReset(place, token))).toBe('TOKEN_INVALID');
  expect(await enter(email, NEW_PASSWORD)).toBe('INVALID_CREDENTIALS');
});
