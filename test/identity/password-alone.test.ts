import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { foundTenant, PASSWORD, type Founder } from '../support/people.ts';
import { reasonOf, rest } from '../support/rest.ts';
import { meet } from './meeting.ts';
import { ENDED, LIVE, refusalsOf } from './pairs.ts';
import { askReset, confirmReset, NEW_PASSWORD } from './resets.ts';

const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
let ada: Founder;

beforeAll(async () => {
  ada = await foundTenant(place);
});
afterAll(() => owner[Symbol.asyncDispose]());

test('a session that was revoked while the passwords were hashed changes none', async () => {
  const grace = await addMember(place, ada);
  const answer = await meet(place, {
    // The first check of the session does not need it; what a guesser knows of the user does.
    lock: (tx) => tx`lock table public.user_tenant_membership in access exclusive mode`,
    calls: () =>
      rest(place.url, 'POST', '/auth/change-password', {
        token: grace.login.accessToken,
        body: { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
      }),
    change: (tx) => tx`update public.sessions set revoked_at = now() where user_id = ${grace.userId}`,
  });
  expect(reasonOf(answer)).toBe('UNAUTHENTICATED');
  const login = { email: grace.email, password: PASSWORD };
  expect((await rest(place.url, 'POST', '/auth/login', { body: login })).status).toBe(200);
});

test('a reset ends the sessions and links of its own user, and nobody else’s', async () => {
  const [grace, alan] = await Promise.all([addMember(place, ada), addMember(place, ada)]);
  const [own, other] = [await askReset(place, grace.email), await askReset(place, alan.email)];
  expect((await confirmReset(place, own.token)).status).toBe(204);
  expect(await refusalsOf(place, grace.login)).toEqual(ENDED);
  expect(await refusalsOf(place, alan.login)).toEqual(LIVE);
  expect((await confirmReset(place, other.token)).status).toBe(204);
});
