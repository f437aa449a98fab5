import { afterAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { signUpTenant, freshEmail, freshSlug, PASSWORD } from '../support/people.ts';
import { reasonOf, rest } from '../support/rest.ts';
import { acceptNew, invite } from './invited.ts';

// A login shows that a sign-up is not verified, but only with the password of that sign-up.
const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
const OTHER_PASSWORD = 'brisk-walrus-folds-nine-umbrellas';
afterAll(() => owner[Symbol.asyncDispose]());

const register = (email: string, password: string) =>
  rest(place.url, 'POST', '/auth/register', {
    body: { email, password, fullName: 'Ada Lovelace', tenantName: 'Acme', tenantSlug: freshSlug() },
  });
const enter = async (email: string, password: string): Promise<unknown> =>
  reasonOf(await rest(place.url, 'POST', '/auth/login', { body: { email, password } }));

test('a login with the password of any of several sign-ups is answered EMAIL_NOT_VERIFIED, and with another one INVALID_CREDENTIALS', async () => {
  const email = freshEmail();
  const passwords = [PASSWORD, OTHER_PASSWORD, 'three-patient-herons-share-a-ladder'];
  for (const password of passwords) await register(email, password);
  for (const password of passwords) expect(await enter(email, password)).toBe('EMAIL_NOT_VERIFIED');
  expect(await enter(email, 'not-the-password-of-anyone')).toBe('INVALID_CREDENTIALS');
});

test('a sign-up without a password tag is recognised by its password, and by no other', async () => {
  const email = freshEmail();
  await register(email, PASSWORD);
  await owner.sql`update public.sign_ups set password_tag = null where email = ${email}`;
  expect(await enter(email, PASSWORD)).toBe('EMAIL_NOT_VERIFIED');
  expect(await enter(email, OTHER_PASSWORD)).toBe('INVALID_CREDENTIALS');
});

test("the password of the sign-up is refused once the account's password was changed", async () => {
  const ada = await signUpTenant(place);
  await ada.client.auth.changePassword.mutate({ currentPassword: PASSWORD, newPassword: OTHER_PASSWORD });
  expect(await enter(ada.email, PASSWORD)).toBe('INVALID_CREDENTIALS');
  expect(await enter(ada.email, OTHER_PASSWORD)).toBeUndefined();
});

test('a verified sign-up keeps no trace of its password, whatever statement verified it', async () => {
  const { email: verified } = await signUpTenant(place);
  const bySql = freshEmail();
  await register(bySql, PASSWORD);
  await owner.sql`update public.sign_ups set verified_at = now() where email = ${bySql}`;
  for (const email of [verified, bySql]) {
    const rows = await owner.sql`select password_hash, password_tag from public.sign_ups where email = ${email}`;
    expect([...rows]).toEqual([{ password_hash: null, password_tag: null }]);
  }
});

test('a login by a voided sign-up is answered as before, so that it does not reveal that the owner verified', async () => {
  const email = freshEmail();
  await register(email, OTHER_PASSWORD);
  const { token } = await invite(place, await signUpTenant(place), { email });
  expect((await acceptNew(place, token)).status).toBe(200);
  const rows = await owner.sql`
    select voided_at is not null as voided, password_hash is not null as kept from public.sign_ups where email = ${email}`;
  expect([...rows]).toEqual([{ voided: true, kept: true }]);
  expect(await enter(email, OTHER_PASSWORD)).toBe('EMAIL_NOT_VERIFIED');
  expect(await enter(email, PASSWORD)).toBeUndefined();
});
