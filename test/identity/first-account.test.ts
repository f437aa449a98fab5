import { afterAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { nextMail, tokenIn } from '../support/mail.ts';
import { signUpTenant, freshEmail, PASSWORD } from '../support/people.ts';
import { at, rest, type Answer } from '../support/rest.ts';
import { freshSignUp } from '../support/sign-ups.ts';
import { acceptNew, invite } from './invited.ts';
import { meet } from './meeting.ts';
import { outcomeOf, outcomesOf } from './outcomes.ts';
import { askReset, confirmReset } from './resets.ts';

// Concurrent calls create only one account for an address.
const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
afterAll(() => owner[Symbol.asyncDispose]());

/** Signs up. @param count the expected number of mails to the address @returns the token of the newest mail */
async function signUp(email: string, count = 1): Promise<string> {
  await rest(place.url, 'POST', '/auth/register', { body: { ...freshSignUp(), email } });
  return tokenIn(await nextMail(place.mailDir, email, count));
}

/** Verifies a sign-up with its password, which is required if the address has several sign-ups. */
const verify = (token: string): Promise<Answer> =>
  rest(place.url, 'POST', '/auth/verify-email', { body: { token, password: PASSWORD } });

/** Holds the sign-ups of an address until this many calls wait for them. */
async function race(email: string, waiting: number, calls: () => Promise<Answer>[]): Promise<Answer[]> {
  return await meet(place, {
    lock: (tx) => tx`select from public.sign_ups where email = ${email} for update`,
    calls: () => Promise.all(calls()),
    waiting,
  });
}

async function tenantsOf(email: string): Promise<number[]> {
  const rows = await owner.sql<{ tenants: number }[]>`
    select (select count(*)::int from public.user_tenant_membership m where m.user_id = u.id) as tenants
    from public.users u where u.email = ${email}`;
  return rows.map(({ tenants }) => tenants);
}

test('two sign-ups of one address that are verified at the same time make one account', async () => {
  const email = freshEmail();
  const tokens = [await signUp(email, 1), await signUp(email, 2)];
  const answers = await race(email, 2, () => tokens.map(verify));
  expect(outcomesOf(answers)).toEqual(['TOKEN_INVALID', 'done']);
  expect(await tenantsOf(email)).toEqual([1]);
});

test('many sign-ups of one address that are verified at the same time, and a password reset, make one account', async () => {
  const email = freshEmail();
  const verifications: string[] = [];
  for (let count = 1; count <= 6; count += 1) verifications.push(await signUp(email, count));
  const { token } = await askReset(place, email);
  const answers = await race(email, 7, () => [...verifications.map(verify), confirmReset(place, token)]);
  expect(outcomesOf(answers)).toEqual([...verifications.map(() => 'TOKEN_INVALID'), 'done']);
  // A password reset confirms none of several sign-ups.
  expect(await tenantsOf(email)).toEqual([answers.at(-1)?.status === 204 ? 0 : 1]);
});

test('a verification and a password reset of one address at the same time make one account', async () => {
  const email = freshEmail();
  const verification = await signUp(email);
  const { token } = await askReset(place, email);
  const answers = await race(email, 2, () => [verify(verification), confirmReset(place, token)]);
  expect(outcomesOf(answers)).toEqual(['TOKEN_INVALID', 'done']);
  expect(await tenantsOf(email)).toEqual([1]);
});

test('a verification and an accepted invite of one address at the same time make one account', async () => {
  const ada = await signUpTenant(place);
  const email = freshEmail();
  const verification = await signUp(email);
  const { id, token } = await invite(place, ada, { email });
  const answers = await race(email, 2, () => [verify(verification), acceptNew(place, token)]);
  const [verified, accepted] = answers.map(outcomeOf);
  expect([
    ['done', 'UNAUTHENTICATED'],
    ['TOKEN_INVALID', 'done'],
  ]).toContainEqual([verified, accepted]);
  expect(await tenantsOf(email)).toEqual([1]);
  // A user who was verified first can still accept the invite after a login.
  const { body } = await rest(place.url, 'GET', `/invites/${id}`, {
    token: ada.tokens().accessToken,
    tenant: ada.slug,
  });
  expect(at(body, 'status')).toBe(accepted === 'done' ? 'accepted' : 'pending');
});
