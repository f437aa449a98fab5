import { expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { nextMail, tokenIn } from '../support/mail.ts';
import { freshEmail, logIn } from '../support/people.ts';
import { reasonOf, rest } from '../support/rest.ts';
import { freshSignUp } from '../support/sign-ups.ts';
import { askReset, confirmReset, NEW_PASSWORD } from './resets.ts';

// A reset proves the address, as a verification does.
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

test('where an address has only sign-ups, a reset makes the newest an account, and voids the others', async () => {
  const { email, signUps } = await signUpTwice();
  const { token } = await askReset(place, email);
  expect((await confirmReset(place, token)).status).toBe(204);

  const { client, login } = await logIn(place, { email, password: NEW_PASSWORD });
  expect(login.user).toMatchObject({ email, fullName: 'Ada Lovelace' });
  const { items } = await client.users.myTenants.query({});
  expect(items.map(({ slug, role }) => [slug, role])).toEqual([[signUps[1]?.tenantSlug, 'admin']]);
  await using owner = connect(place.databaseOwnerUrl);
  const states = await owner.sql`
    select verified_at is not null as verified, voided_at is not null as voided from public.sign_ups
    where email = ${email} order by created_at`;
  expect([...states]).toEqual([
    { verified: false, voided: true },
    { verified: true, voided: false },
  ]);
  for (const signUp of signUps) {
    const late = await rest(place.url, 'POST', '/auth/verify-email', { body: { token: signUp.token } });
    expect(reasonOf(late)).toBe('TOKEN_INVALID');
  }
  expect(await enter(email, PASSWORDS[1])).toBe('INVALID_CREDENTIALS');
  // What a stranger signed up with tells them nothing, as ever.
  expect(await enter(email, PASSWORDS[0])).toMatch(/^(EMAIL_NOT_VERIFIED|INVALID_CREDENTIALS)$/);
});

test('the other links of an address die there too', async () => {
  const { email } = await signUpTwice();
  const [first, second] = [await askReset(place, email), await askReset(place, email)];
  expect((await confirmReset(place, first.token)).status).toBe(204);
  expect(reasonOf(await confirmReset(place, second.token, `${NEW_PASSWORD}-again`))).toBe('TOKEN_INVALID');
  expect(await enter(email, NEW_PASSWORD)).toBeUndefined();
});

test('an address that nobody signed up with gets no account', async () => {
  const email = freshEmail('nobody');
  const { token } = await askReset(place, email);
  expect(reasonOf(await confirmReset(place, token))).toBe('TOKEN_INVALID');
  expect(await enter(email, NEW_PASSWORD)).toBe('INVALID_CREDENTIALS');
});
