import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createPasswords } from '../../core/auth/passwords.ts';
import { connect } from '../support/database.ts';
import { createGate } from '../support/gate.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, PASSWORD, type Founder } from '../support/people.ts';
import { at, rest } from '../support/rest.ts';
import { waitFor } from '../support/wait.ts';
import { watchApp } from '../telemetry/app.ts';
import { ENDED, LIVE, refusalsOf } from './pairs.ts';
import { askReset, confirmReset, NEW_PASSWORD } from './resets.ts';

const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
let ada: Founder;

beforeAll(async () => {
  ada = await signUpTenant(place);
});
afterAll(() => owner[Symbol.asyncDispose]());

test('changing the password fails if the session is revoked while the passwords are hashed', async () => {
  const grace = await addMember(place, ada);
  const passwords = createPasswords();
  const gate = createGate();
  gate.shut();
  let hashing = false;
  await using watched = await watchApp(place, {
    passwords: {
      ...passwords,
      async hash(password) {
        hashing = true;
        await gate.passed(() => true);
        return await passwords.hash(password);
      },
    },
  });
  const changing = watched.app.request('/api/v1/auth/change-password', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${grace.login.accessToken}` },
    body: JSON.stringify({ currentPassword: PASSWORD, newPassword: NEW_PASSWORD }),
  });
  // By then the session and the current password have been checked.
  await waitFor('the new password to be hashed', () => hashing);
  await owner.sql`update public.sessions set revoked_at = now() where user_id = ${grace.userId}`;
  gate.open();
  const answer = await changing;
  expect(answer.status).toBe(401);
  expect(at(await answer.json(), 'reason')).toBe('UNAUTHENTICATED');
  const login = { email: grace.email, password: PASSWORD };
  expect((await rest(place.url, 'POST', '/auth/login', { body: login })).status).toBe(200);
});

test('a password reset ends the sessions and links of its user only', async () => {
  const [grace, alan] = await Promise.all([addMember(place, ada), addMember(place, ada)]);
  const [own, other] = [await askReset(place, grace.email), await askReset(place, alan.email)];
  expect((await confirmReset(place, own.token)).status).toBe(204);
  expect(await refusalsOf(place, grace.login)).toEqual(ENDED);
  expect(await refusalsOf(place, alan.login)).toEqual(LIVE);
  expect((await confirmReset(place, other.token)).status).toBe(204);
});
