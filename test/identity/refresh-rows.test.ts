import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, type Founder } from '../support/people.ts';
import { at, rest } from '../support/rest.ts';

// What the lobby stores of refresh tokens, and for how long.
const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
let ada: Founder;

beforeAll(async () => {
  ada = await signUpTenant(place);
});
afterAll(() => owner[Symbol.asyncDispose]());

const refresh = (refreshToken: string) => rest(place.url, 'POST', '/auth/refresh', { body: { refreshToken } });

test('a refresh token lives 30 days unused, and never beyond its session', async () => {
  const { userId, login } = await addMember(place, ada);
  const next = await refresh(login.refreshToken);
  await owner.sql`update public.sessions set expires_at = now() + interval '1 day' where user_id = ${userId}`;
  await refresh(String(at(next.body, 'refreshToken')));
  const rows = await owner.sql`
    select round(extract(epoch from r.expires_at - r.created_at) / 86400)::int as days
    from public.refresh_tokens r join public.sessions s on s.id = r.session_id
    where s.user_id = ${userId} order by r.id`;
  expect([...rows]).toEqual([{ days: 30 }, { days: 30 }, { days: 1 }]);
});

test('the sealed successor of a refresh token is deleted when its session ends', async () => {
  const { userId, login, client } = await addMember(place, ada);
  await refresh(login.refreshToken);
  const kept = () => owner.sql`
    select from public.refresh_tokens r join public.sessions s on s.id = r.session_id
    where s.user_id = ${userId} and r.successor is not null`;
  expect(await kept()).toHaveLength(1);
  await client.auth.logout.mutate();
  expect(await kept()).toHaveLength(0);
});

test('the sealed successor of a refresh token is kept for the grace period, and no longer', async () => {
  const { userId, login } = await addMember(place, ada);
  const next = await refresh(login.refreshToken);
  const kept = () => owner.sql`
    select r.successor is not null as successor
    from public.refresh_tokens r join public.sessions s on s.id = r.session_id
    where s.user_id = ${userId} order by r.id`;
  expect([...(await kept())]).toEqual([{ successor: true }, { successor: false }]);
  await owner.sql`
    update public.refresh_tokens r set used_at = now() - interval '1 minute' from public.sessions s
    where s.id = r.session_id and s.user_id = ${userId} and r.used_at is not null`;
  await refresh(String(at(next.body, 'refreshToken')));
  expect([...(await kept())]).toEqual([{ successor: false }, { successor: true }, { successor: false }]);
});
