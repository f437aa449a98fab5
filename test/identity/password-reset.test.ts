import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, logIn, PASSWORD, type Founder } from '../support/people.ts';
import { at, reasonOf, rest } from '../support/rest.ts';
import { meet } from './meeting.ts';
import { outcomesOf } from './outcomes.ts';
import { ENDED, LIVE, refusalsOf } from './pairs.ts';
import { askReset, confirmReset, mint, NEW_PASSWORD } from './resets.ts';

const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
let ada: Founder;

beforeAll(async () => {
  ada = await signUpTenant(place);
});
afterAll(() => owner[Symbol.asyncDispose]());

const enter = async (email: string, password: string): Promise<unknown> =>
  reasonOf(await rest(place.url, 'POST', '/auth/login', { body: { email, password } }));

test('a reset link sets the password, ends every session and works once', async () => {
  const grace = await addMember(place, ada);
  const other = await logIn(place, { email: grace.email });
  const { token } = await askReset(place, grace.email);
  expect(await refusalsOf(place, grace.login), 'asking ends nothing').toEqual(LIVE);

  expect((await confirmReset(place, token)).status).toBe(204);
  for (const { login } of [grace, other]) expect(await refusalsOf(place, login)).toEqual(ENDED);
  expect(await enter(grace.email, PASSWORD)).toBe('INVALID_CREDENTIALS');
  expect(await enter(grace.email, NEW_PASSWORD)).toBeUndefined();
  const again = await confirmReset(place, token, PASSWORD);
  expect([again.status, reasonOf(again)]).toEqual([400, 'TOKEN_INVALID']);
  expect(await enter(grace.email, NEW_PASSWORD)).toBeUndefined();
});

test('of ten simultaneous uses of one reset link one succeeds', async () => {
  const { email } = await addMember(place, ada);
  const { token } = await askReset(place, email);
  const passwords = Array.from({ length: 10 }, (_, index) => `${NEW_PASSWORD}-${index}`);
  const answers = await Promise.all(passwords.map((password) => confirmReset(place, token, password)));
  expect(outcomesOf(answers)).toEqual([...Array.from({ length: 9 }, () => 'TOKEN_INVALID'), 'done']);
  const served = passwords[answers.findIndex(({ status }) => status === 204)] ?? '';
  expect(await enter(email, served)).toBeUndefined();
});

test('an expired reset link is refused like an unknown one', async () => {
  const { email } = await addMember(place, ada);
  const { id, token } = await askReset(place, email);
  await owner.sql`update public.mail_requests set expires_at = now() where id = ${id}`;
  const unknown = mint(place, { kind: 'reset-password', id: crypto.randomUUID(), email });
  const answers = [await confirmReset(place, token), await confirmReset(place, unknown)];
  expect(outcomesOf(answers)).toEqual(['TOKEN_INVALID', 'TOKEN_INVALID']);
  expect(at(answers[0]?.body, 'detail')).toBe(at(answers[1]?.body, 'detail'));
  expect(await enter(email, PASSWORD)).toBeUndefined();
});

test('a reset with a weak password is refused, and its link still works', async () => {
  const grace = await addMember(place, ada);
  const { token } = await askReset(place, grace.email);
  for (const weak of ['short', 'passwordpassword', 'Grace Hopper Hopper', grace.email]) {
    const answer = await confirmReset(place, token, weak);
    expect([answer.status, reasonOf(answer)]).toEqual([422, 'PASSWORD_TOO_WEAK']);
  }
  expect(await refusalsOf(place, grace.login)).toEqual(LIVE);
  expect((await confirmReset(place, token)).status).toBe(204);
});

test('a reset refuses a token for another purpose, request or address, and one that was altered', async () => {
  const { email } = await addMember(place, ada);
  const { id, token } = await askReset(place, email);
  const other = await askReset(place, ada.email);
  const [, code = ''] = token.split('.');
  const forged = [
    mint(place, { kind: 'verify-email', id, email }),
    mint(place, { kind: 'invite', id, email }),
    mint(place, { kind: 'reset-password', id, email: ada.email }),
    mint(place, { kind: 'reset-password', id, email: email.toUpperCase() }),
    `${other.id}.${code}`,
    `${id}.`,
    id,
    `${id}.${code}.`,
    `${id}.${code}=`,
    ` ${token}`,
    code,
    '',
    '\0',
  ];
  for (const wrong of forged) {
    expect([wrong, reasonOf(await confirmReset(place, wrong))]).toEqual([wrong, 'TOKEN_INVALID']);
  }
  expect((await confirmReset(place, token)).status).toBe(204);
});

test('using one reset link, or changing the password, invalidates all reset links of the address', async () => {
  const grace = await addMember(place, ada);
  const [first, second] = [await askReset(place, grace.email), await askReset(place, grace.email)];
  expect((await confirmReset(place, first.token)).status).toBe(204);
  expect(reasonOf(await confirmReset(place, second.token, PASSWORD))).toBe('TOKEN_INVALID');

  const third = await askReset(place, grace.email);
  const { client } = await logIn(place, { email: grace.email, password: NEW_PASSWORD });
  await client.auth.changePassword.mutate({ currentPassword: NEW_PASSWORD, newPassword: `${NEW_PASSWORD}-now` });
  expect(reasonOf(await confirmReset(place, third.token))).toBe('TOKEN_INVALID');
  expect(await enter(grace.email, `${NEW_PASSWORD}-now`)).toBeUndefined();
});

test('of two reset links of an address that are used at the same time one succeeds', async () => {
  const grace = await addMember(place, ada);
  const links = [await askReset(place, grace.email), await askReset(place, grace.email)];
  const passwords = [`${NEW_PASSWORD}-one`, `${NEW_PASSWORD}-two`];
  // Each call has locked its own link by then, and needs the rows that the others lock.
  const answers = await meet(place, {
    lock: (tx) => tx`select from public.users where id = ${grace.userId} for update`,
    calls: () => Promise.all(links.map(({ token }, index) => confirmReset(place, token, passwords[index]))),
    waiting: 2,
  });
  expect(outcomesOf(answers)).toEqual(['TOKEN_INVALID', 'done']);
  const served = passwords[answers.findIndex(({ status }) => status === 204)] ?? '';
  expect(await enter(grace.email, served)).toBeUndefined();
});

test('the reset link of a user who was disabled meanwhile is refused', async () => {
  const grace = await addMember(place, ada);
  const { token } = await askReset(place, grace.email);
  await owner.sql`update public.users set disabled_at = now() where id = ${grace.userId}`;
  expect(outcomesOf([await confirmReset(place, token), await confirmReset(place, token)])).toEqual([
    'TOKEN_INVALID',
    'TOKEN_INVALID',
  ]);
  await owner.sql`update public.users set disabled_at = null where id = ${grace.userId}`;
  expect(await enter(grace.email, PASSWORD)).toBeUndefined();
  expect(await enter(grace.email, NEW_PASSWORD)).toBe('INVALID_CREDENTIALS');
});
