import { expect, inject, test } from 'vitest';
import { signUpTenant, logIn } from '../support/people.ts';
import { reasonOf, rest } from '../support/rest.ts';
import { connect } from '../support/database.ts';

const place = inject('stack');

test('after a logout the access token is refused at the very next call, and the refresh token too', async () => {
  const founder = await signUpTenant(place);
  const { accessToken: token, refreshToken } = (await logIn(place, founder)).login;
  const other = (await logIn(place, founder)).login;

  const answer = await rest(place.url, 'POST', '/auth/logout', { token });
  expect([answer.status, answer.body]).toEqual([204, undefined]);
  const calls = await Promise.all([
    rest(place.url, 'GET', '/users/me', { token }),
    rest(place.url, 'GET', '/projects', { token, tenant: founder.slug }),
    rest(place.url, 'POST', '/auth/logout', { token }),
    rest(place.url, 'POST', '/auth/refresh', { body: { refreshToken } }),
  ]);
  expect(calls.map(reasonOf)).toEqual(calls.map(() => 'UNAUTHENTICATED'));
  expect((await rest(place.url, 'GET', '/users/me', { token: other.accessToken })).status).toBe(200);
});

test('a user who is disabled is refused with the next request', async () => {
  const founder = await signUpTenant(place);
  const { accessToken: token, refreshToken } = founder.tokens();
  await using owner = connect(place.databaseOwnerUrl);
  await owner.sql`update public.users set disabled_at = now() where id = ${founder.userId}`;

  expect(reasonOf(await rest(place.url, 'GET', '/users/me', { token }))).toBe('UNAUTHENTICATED');
  expect(reasonOf(await rest(place.url, 'POST', '/auth/refresh', { body: { refreshToken } }))).toBe('UNAUTHENTICATED');
  const { email, password } = founder;
  expect(reasonOf(await rest(place.url, 'POST', '/auth/login', { body: { email, password } }))).toBe(
    'INVALID_CREDENTIALS',
  );
});
