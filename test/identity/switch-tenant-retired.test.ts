import { beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { foundTenant, type Founder } from '../support/people.ts';
import { at, reasonOf, rest, type Answer } from '../support/rest.ts';
import { waitFor } from '../support/wait.ts';
import { meet } from './meeting.ts';
import { LIVE, refusalsOf } from './pairs.ts';

const place = inject('stack');
let ada: Founder;

beforeAll(async () => {
  ada = await foundTenant(place);
});

const refresh = (refreshToken: string): Promise<Answer> =>
  rest(place.url, 'POST', '/auth/refresh', { body: { refreshToken } });
const switchTo = (token: string, tenantSlug: string): Promise<Answer> =>
  rest(place.url, 'POST', '/auth/switch-tenant', { token, body: { tenantSlug } });
const pairIn = ({ body }: Answer) => ({
  accessToken: String(at(body, 'accessToken')),
  refreshToken: String(at(body, 'refreshToken')),
});

/** Lets ten seconds pass for the refresh tokens of a user. */
async function passGrace(userId: string): Promise<void> {
  await using owner = connect(place.databaseOwnerUrl);
  await owner.sql`
    update public.refresh_tokens r set expires_at = r.expires_at - interval '10 seconds' from public.sessions s
    where s.id = r.session_id and s.user_id = ${userId}`;
}

test('what a token from before a switch is traded for runs out with it', async () => {
  const grace = await addMember(place, ada);
  const switched = pairIn(await switchTo(grace.login.accessToken, ada.slug));
  const late = await refresh(grace.login.refreshToken);
  expect(late.status).toBe(200);
  const later = await refresh(pairIn(late).refreshToken);
  expect(later.status).toBe(200);
  await passGrace(grace.userId);
  expect(reasonOf(await refresh(pairIn(later).refreshToken))).toBe('UNAUTHENTICATED');
  expect(await refusalsOf(place, switched)).toEqual(LIVE);
});

test('a refresh under way when the tenant is switched gives nothing that outlives it', async () => {
  const grace = await addMember(place, ada);
  await using owner = connect(place.databaseOwnerUrl);
  const [refreshed, switched] = await meet(place, {
    // A refresh comes to its row in the audit log last of all.
    lock: (tx) => tx`lock table public.audit_logs in share mode`,
    calls: async () => {
      const refreshing = refresh(grace.login.refreshToken);
      await waitFor('the refresh to wait', async () => {
        const [row] = await owner.sql<{ waiting: boolean }[]>`
          select exists (select from pg_locks
            where relation = 'public.audit_logs'::regclass and mode = 'RowExclusiveLock' and not granted) as waiting`;
        return row?.waiting;
      });
      return await Promise.all([refreshing, switchTo(grace.login.accessToken, ada.slug)]);
    },
    waiting: 2,
  });
  expect([refreshed.status, switched.status]).toEqual([200, 200]);
  await passGrace(grace.userId);
  expect(reasonOf(await refresh(pairIn(refreshed).refreshToken))).toBe('UNAUTHENTICATED');
  expect(await refusalsOf(place, pairIn(switched))).toEqual(LIVE);
});
