import { hash } from '@node-rs/argon2';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, logIn, PASSWORD, type Founder } from '../support/people.ts';
import { at, reasonOf, rest, type Answer } from '../support/rest.ts';
import { meet } from './meeting.ts';
import { ENDED, LIVE, refusalsOf } from './pairs.ts';

// The account may change between the check of the password and the start of the session.
const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
let ada: Founder;

beforeAll(async () => {
  ada = await signUpTenant(place);
});
afterAll(() => owner[Symbol.asyncDispose]());

const enter = (email: string): Promise<Answer> =>
  rest(place.url, 'POST', '/auth/login', { body: { email, password: PASSWORD } });

async function sessionsOf(userId: string): Promise<number> {
  const rows = await owner.sql`select from public.sessions where user_id = ${userId}`;
  return rows.length;
}

test('a login fails if the password is changed after it was checked', async () => {
  const { userId, email } = await addMember(place, ada);
  const before = await sessionsOf(userId);
  const answer = await meet(place, {
    lock: (tx) => tx`select from public.users where id = ${userId} for no key update`,
    calls: () => enter(email),
    change: (tx) => tx`
      update public.users set password_hash =
        (select password_hash from public.users where email = ${place.superuser.email}) where id = ${userId}`,
  });
  expect([answer.status, reasonOf(answer)]).toEqual([401, 'INVALID_CREDENTIALS']);
  expect(await sessionsOf(userId)).toBe(before);
});

test('a login fails if the account is disabled after the password was checked', async () => {
  const { userId, email } = await addMember(place, ada);
  const before = await sessionsOf(userId);
  const answer = await meet(place, {
    lock: (tx) => tx`select from public.users where id = ${userId} for no key update`,
    calls: () => enter(email),
    change: (tx) => tx`update public.users set disabled_at = now() where id = ${userId}`,
  });
  expect([answer.status, reasonOf(answer)]).toEqual([401, 'INVALID_CREDENTIALS']);
  expect(await sessionsOf(userId)).toBe(before);
});

test('no session of a login by the old password outlives the change, whichever comes first', async () => {
  for (const last of ['a', 'b', 'c', 'd']) {
    const grace = await addMember(place, ada);
    const newPassword = `brisk-walrus-folds-nine-umbrellas-${last}`;
    const [answer] = await Promise.all([
      enter(grace.email),
      grace.client.auth.changePassword.mutate({ currentPassword: PASSWORD, newPassword }),
    ]);
    const pair = {
      accessToken: String(at(answer.body, 'accessToken')),
      refreshToken: String(at(answer.body, 'refreshToken')),
    };
    expect([undefined, 'INVALID_CREDENTIALS']).toContain(reasonOf(answer));
    expect(await refusalsOf(place, pair)).toEqual(ENDED);
    expect(await refusalsOf(place, grace.tokens())).toEqual(LIVE);
  }
});

test('simultaneous logins with a hash that needs an upgrade all succeed', async () => {
  const { userId, email } = await addMember(place, ada);
  const weak = await hash(PASSWORD, { memoryCost: 8192, timeCost: 1, parallelism: 1 });
  await owner.sql`update public.users set password_hash = ${weak} where id = ${userId}`;
  const answers = await Promise.all(Array.from({ length: 3 }, () => enter(email)));
  expect(answers.map((answer) => reasonOf(answer) ?? answer.status)).toEqual([200, 200, 200]);
  const [row] = await owner.sql`select password_hash as hash from public.users where id = ${userId}`;
  expect(row?.['hash']).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  await expect(logIn(place, { email })).resolves.toBeDefined();
});
