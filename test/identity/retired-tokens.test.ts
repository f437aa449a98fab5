import { beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, PASSWORD, type Founder } from '../support/people.ts';
import { at, reasonOf, rest, type Answer } from '../support/rest.ts';
import { meet } from './meeting.ts';
import { ENDED, LIVE, pairIn, refusalsOf } from './pairs.ts';

// A password change retires the refresh tokens of its session, because one of them may have been stolen.
const place = inject('stack');
let ada: Founder;

beforeAll(async () => {
  ada = await signUpTenant(place);
});

const refresh = (refreshToken: string): Promise<Answer> =>
  rest(place.url, 'POST', '/auth/refresh', { body: { refreshToken } });
const changePassword = (token: string): Promise<Answer> =>
  rest(place.url, 'POST', '/auth/change-password', {
    token,
    body: { currentPassword: PASSWORD, newPassword: 'brisk-walrus-folds-nine-umbrellas' },
  });

/** Extends the grace of a user's retired tokens by an hour, so that no test depends on its speed. */
async function holdGrace(userId: string): Promise<void> {
  await using owner = connect(place.databaseOwnerUrl);
  await owner.sql`
    update public.refresh_tokens r set expires_at = now() + interval '1 hour' from public.sessions s
    where s.id = r.session_id and s.user_id = ${userId} and r.retired_at is not null`;
}

/** Ends the grace of a user's retired tokens. */
async function endGrace(userId: string): Promise<void> {
  await using owner = connect(place.databaseOwnerUrl);
  await owner.sql`
    update public.refresh_tokens r set expires_at = now() - interval '1 second' from public.sessions s
    where s.id = r.session_id and s.user_id = ${userId} and r.retired_at is not null`;
}

test('the refresh token from before a password change expires within ten seconds, and the new one does not', async () => {
  const grace = await addMember(place, ada);
  const changed = pairIn(await changePassword(grace.login.accessToken));
  await using owner = connect(place.databaseOwnerUrl);
  const rows = await owner.sql`
    select retired_at is not null as retired, r.expires_at <= now() + interval '10 seconds' as short
    from public.refresh_tokens r join public.sessions s on s.id = r.session_id
    where s.user_id = ${grace.userId} order by r.id`;
  expect([...rows]).toEqual([
    { retired: true, short: true },
    { retired: false, short: false },
  ]);
  expect(await refusalsOf(place, changed)).toEqual(LIVE);
});

test('a retired refresh token that is used after its grace period is reuse: the session ends, and it is audited', async () => {
  const grace = await addMember(place, ada);
  const changed = pairIn(await changePassword(grace.login.accessToken));
  await endGrace(grace.userId);
  const stolen = await refresh(grace.login.refreshToken);
  expect([stolen.status, reasonOf(stolen)]).toEqual([401, 'REFRESH_REUSED']);
  expect(await refusalsOf(place, changed)).toEqual(ENDED);
  await using owner = connect(place.databaseOwnerUrl);
  const rows = await owner.sql`
    select action, outcome, actor_id, tenant_id from public.audit_logs
    where request_id = ${String(at(stolen.body, 'requestId'))}`;
  expect([...rows]).toEqual([
    { action: 'session.refresh', outcome: 'failure', actor_id: grace.userId, tenant_id: ada.tenantId },
  ]);
});

test('the successor of a retired refresh token expires with it, and its later use is reuse as well', async () => {
  const grace = await addMember(place, ada);
  const changed = pairIn(await changePassword(grace.login.accessToken));
  await holdGrace(grace.userId);
  const late = await refresh(grace.login.refreshToken);
  expect(late.status).toBe(200);
  const later = await refresh(pairIn(late).refreshToken);
  expect(later.status).toBe(200);
  await using owner = connect(place.databaseOwnerUrl);
  const [row] = await owner.sql`
    select count(*)::int as lasting from public.refresh_tokens r join public.sessions s on s.id = r.session_id
    where s.user_id = ${grace.userId} and r.used_at is null and r.expires_at > now() + interval '2 hours'`;
  expect(row, 'one token goes on').toEqual({ lasting: 1 });
  expect((await refresh(changed.refreshToken)).status).toBe(200);
  await endGrace(grace.userId);
  expect(reasonOf(await refresh(pairIn(later).refreshToken))).toBe('REFRESH_REUSED');
});

test('a refresh during a password change gives no token that outlives the change', async () => {
  const grace = await addMember(place, ada);
  await using owner = connect(place.databaseOwnerUrl);
  const [refreshed, changed] = await meet(place, {
    // A call that writes a refresh token of this tenant waits for this lock.
    lock: (tx) => tx`select from public.tenants where id = ${ada.tenantId} for update`,
    calls: async (untilWaiting) => {
      const refreshing = refresh(grace.login.refreshToken);
      await untilWaiting(1);
      return await Promise.all([refreshing, changePassword(grace.login.accessToken)]);
    },
    waiting: 2,
  });
  expect([refreshed.status, changed.status]).toEqual([200, 200]);
  const [row] = await owner.sql`
    select count(*)::int as lasting from public.refresh_tokens r join public.sessions s on s.id = r.session_id
    where s.user_id = ${grace.userId} and r.used_at is null and r.retired_at is null`;
  expect(row).toEqual({ lasting: 1 });
  expect(await refusalsOf(place, pairIn(changed))).toEqual(LIVE);
  await endGrace(grace.userId);
  expect(reasonOf(await refresh(pairIn(refreshed).refreshToken))).toBe('REFRESH_REUSED');
});

test('a used refresh token counts as reuse at any age, and one that expired unused does not', async () => {
  const [used, unused] = [await addMember(place, ada), await addMember(place, ada)];
  await refresh(used.login.refreshToken);
  await using owner = connect(place.databaseOwnerUrl);
  await owner.sql`
    update public.refresh_tokens r
    set expires_at = now() - interval '1 day', used_at = case when used_at is not null then now() - interval '1 day' end
    from public.sessions s where s.id = r.session_id and s.user_id in (${used.userId}, ${unused.userId})`;
  expect(reasonOf(await refresh(unused.login.refreshToken))).toBe('UNAUTHENTICATED');
  const me = await rest(place.url, 'GET', '/users/me', { token: unused.login.accessToken });
  expect(me.status).toBe(200);
  expect(reasonOf(await refresh(used.login.refreshToken))).toBe('REFRESH_REUSED');
});
