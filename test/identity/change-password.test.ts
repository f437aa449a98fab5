import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { freshRequestId, rowsOf } from '../db/audit-rows.ts';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, logIn, PASSWORD, type Founder } from '../support/people.ts';
import { at, reasonOf, rest } from '../support/rest.ts';
import { outcomesOf } from './outcomes.ts';
import { ENDED, LIVE, pairIn, refusalsOf } from './pairs.ts';

const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
const NEW_PASSWORD = 'brisk-walrus-folds-nine-umbrellas';
let ada: Founder;

beforeAll(async () => {
  ada = await signUpTenant(place);
});
afterAll(() => owner[Symbol.asyncDispose]());

const change = (token: string, body: { currentPassword: string; newPassword: string }, requestId?: string) =>
  rest(place.url, 'POST', '/auth/change-password', {
    token,
    body,
    ...(requestId !== undefined && { headers: { 'x-request-id': requestId } }),
  });
const enter = async (email: string, password: string): Promise<unknown> =>
  reasonOf(await rest(place.url, 'POST', '/auth/login', { body: { email, password } }));

test('changing the password ends all other sessions and keeps the present one', async () => {
  const grace = await addMember(place, ada);
  const others = [await logIn(place, grace), await logIn(place, { email: grace.email })];
  const answer = await change(grace.login.accessToken, { currentPassword: PASSWORD, newPassword: NEW_PASSWORD });
  expect(answer.status).toBe(200);
  const { accessToken } = grace.login;
  expect(await refusalsOf(place, { ...pairIn(answer), accessToken })).toEqual(LIVE);
  for (const { login } of others) expect(await refusalsOf(place, login)).toEqual(ENDED);
  expect(await enter(grace.email, PASSWORD)).toBe('INVALID_CREDENTIALS');
  expect(await enter(grace.email, NEW_PASSWORD)).toBeUndefined();
});

test('changing the password gives new tokens for the same session and tenant', async () => {
  const grace = await addMember(place, ada);
  const lobby = await logIn(place, { email: grace.email });
  const inTenant = await change(grace.login.accessToken, { currentPassword: PASSWORD, newPassword: NEW_PASSWORD });
  expect(inTenant.body).toMatchObject({ tokenType: 'Bearer', expiresIn: 900, tenant: { slug: ada.slug } });
  const { accessToken, refreshToken } = pairIn(inTenant);
  expect(decodeJwt(accessToken)['sid']).toBe(decodeJwt(grace.login.accessToken)['sid']);
  const list = await rest(place.url, 'GET', '/projects', { token: accessToken, tenant: ada.slug });
  expect(list.status).toBe(200);
  const { body } = await rest(place.url, 'POST', '/auth/refresh', { body: { refreshToken } });
  expect(at(body, 'tenant', 'slug')).toBe(ada.slug);
  expect(await refusalsOf(place, lobby.login)).toEqual(ENDED);

  const inLobby = await logIn(place, { email: grace.email, password: NEW_PASSWORD });
  const passwords = { currentPassword: NEW_PASSWORD, newPassword: PASSWORD };
  expect(at((await change(inLobby.login.accessToken, passwords)).body, 'tenant')).toBeNull();
});

test('a user who was removed from the tenant of their token can change the password, and gets tokens for the lobby', async () => {
  const grace = await addMember(place, ada);
  await ada.client.members.remove.mutate({ userId: grace.userId });
  const answer = await change(grace.login.accessToken, { currentPassword: PASSWORD, newPassword: NEW_PASSWORD });
  expect([answer.status, at(answer.body, 'tenant')]).toEqual([200, null]);
  expect(await refusalsOf(place, pairIn(answer))).toEqual(LIVE);
});

test('changing the password with a wrong current one changes nothing, and is written to the audit log', async () => {
  const grace = await addMember(place, ada);
  const requestId = freshRequestId('change');
  const wrong = { currentPassword: `${PASSWORD} `, newPassword: NEW_PASSWORD };
  const answer = await change(grace.login.accessToken, wrong, requestId);
  expect([answer.status, reasonOf(answer)]).toEqual([401, 'INVALID_CREDENTIALS']);
  const rows = await rowsOf(owner.sql, requestId);
  expect(rows).toEqual([
    expect.objectContaining({
      action: 'user.change_password',
      outcome: 'failure',
      entity_id: grace.userId,
      actor_id: grace.userId,
      tenant_id: ada.tenantId,
      changes: {},
    }),
  ]);
  expect(JSON.stringify(rows)).not.toContain('walrus');
  expect(await refusalsOf(place, grace.login)).toEqual(LIVE);
  expect(await enter(grace.email, PASSWORD)).toBeUndefined();
});

test('changing to a weak password is refused and changes nothing', async () => {
  const grace = await addMember(place, ada);
  const other = await logIn(place, { email: grace.email });
  for (const newPassword of ['short', 'passwordpassword', grace.email]) {
    const answer = await change(grace.login.accessToken, { currentPassword: PASSWORD, newPassword });
    expect([answer.status, reasonOf(answer)]).toEqual([422, 'PASSWORD_TOO_WEAK']);
  }
  expect(await refusalsOf(place, other.login)).toEqual(LIVE);
  expect(await enter(grace.email, PASSWORD)).toBeUndefined();
});

test('of two simultaneous changes of a password one succeeds', async () => {
  const grace = await addMember(place, ada);
  const passwords = [`${NEW_PASSWORD}-one`, `${NEW_PASSWORD}-two`];
  const answers = await Promise.all(
    passwords.map((newPassword) => change(grace.login.accessToken, { currentPassword: PASSWORD, newPassword })),
  );
  const served = answers.findIndex(({ status }) => status === 200);
  expect([
    ['CONFLICT', 'done'],
    ['INVALID_CREDENTIALS', 'done'],
  ]).toContainEqual(outcomesOf(answers));
  expect(await enter(grace.email, passwords[served] ?? '')).toBeUndefined();
  expect(await enter(grace.email, passwords[1 - served] ?? '')).toBe('INVALID_CREDENTIALS');
});
