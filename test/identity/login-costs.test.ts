import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createPasswords } from '../../core/auth/passwords.ts';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, freshEmail, PASSWORD, type Founder } from '../support/people.ts';
import { rest } from '../support/rest.ts';
import { freshSignUp } from '../support/sign-ups.ts';
import { watchApp } from '../telemetry/app.ts';

// Every failed login checks two password hashes, so its time does not show whether the address is known.
const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
const passwords = createPasswords();
let checks = 0;
const watched = await watchApp(place, {
  passwords: {
    ...passwords,
    verify(stored, given) {
      checks += 1;
      return passwords.verify(stored, given);
    },
  },
});
const WRONG = 'not-the-password-of-anyone';
let ada: Founder;

beforeAll(async () => {
  ada = await signUpTenant(place);
});
afterAll(async () => {
  await owner[Symbol.asyncDispose]();
  await watched[Symbol.asyncDispose]();
});

/** Logs in at this file's own server. @returns the status, and how many passwords were checked */
async function enter(email: string, password: string): Promise<[number, number]> {
  checks = 0;
  const { status } = await watched.app.request('/api/v1/auth/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  return [status, checks];
}

test('a failed login always checks two password hashes, so that its time reveals no account', async () => {
  const waiting = freshSignUp();
  await rest(place.url, 'POST', '/auth/register', { body: waiting });
  const disabled = await addMember(place, ada);
  await owner.sql`update public.users set disabled_at = now() where id = ${disabled.userId}`;
  expect(await enter(ada.email, WRONG)).toEqual([401, 2]);
  expect(await enter(freshEmail('nobody'), WRONG)).toEqual([401, 2]);
  expect(await enter(waiting.email, WRONG)).toEqual([401, 2]);
  expect(await enter(waiting.email, PASSWORD)).toEqual([403, 2]);
  expect(await enter(disabled.email, WRONG)).toEqual([401, 2]);
  expect(await enter(disabled.email, PASSWORD)).toEqual([401, 2]);
});
