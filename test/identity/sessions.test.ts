import { beforeAll, expect, inject, test } from 'vitest';
import type { AtriumClient } from '../../client/index.ts';
import { connect } from '../support/database.ts';
import { aTime, aUuidV7 } from '../support/matchers.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, logIn, PASSWORD, type Founder } from '../support/people.ts';
import { at, reasonOf, rest } from '../support/rest.ts';
import { waitFor } from '../support/wait.ts';
import { ENDED, LIVE, refusalsOf } from './pairs.ts';

const place = inject('stack');
let ada: Founder;

beforeAll(async () => {
  ada = await signUpTenant(place);
});

/** @returns the id of a client's session */
async function idOf(client: AtriumClient): Promise<string> {
  const { items } = await client.auth.sessions.query({});
  return items.find(({ current }) => current)?.id ?? '';
}

test('a listed session shows its device, address and times, and whether it is the present one', async () => {
  const grace = await addMember(place, ada);
  const { body } = await rest(place.url, 'POST', '/auth/login', {
    body: { email: grace.email, password: PASSWORD },
    headers: { 'user-agent': 'Firefox on a train' },
  });
  const told = { id: aUuidV7, ipAddress: '127.0.0.1', createdAt: aTime, lastSeenAt: aTime };
  const seenBy = async (token: unknown): Promise<unknown> =>
    at((await rest(place.url, 'GET', '/auth/sessions', { token: String(token) })).body, 'items');
  expect(await seenBy(grace.login.accessToken)).toEqual([
    { ...told, userAgent: 'Firefox on a train', current: false },
    { ...told, userAgent: 'node', current: true },
  ]);
  expect(await seenBy(at(body, 'accessToken'))).toEqual([
    { ...told, userAgent: 'Firefox on a train', current: true },
    { ...told, userAgent: 'node', current: false },
  ]);
});

test("paging through sessions gives the user's own active ones only, newest first", async () => {
  const grace = await addMember(place, ada);
  const ids = [await idOf(grace.client)];
  for (const state of ['live', 'ended', 'expired', 'live']) {
    const { client } = await logIn(place, grace);
    const id = await idOf(client);
    if (state === 'ended') await client.auth.logout.mutate();
    else if (state === 'live') ids.unshift(id);
    else {
      await using owner = connect(place.databaseOwnerUrl);
      await owner.sql`update public.sessions set expires_at = now() where id = ${id}`;
    }
  }
  const first = await grace.client.auth.sessions.query({ limit: 2 });
  const second = await grace.client.auth.sessions.query({ limit: 2, cursor: first.nextCursor ?? '' });
  expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids);
  expect([first.items.length, second.nextCursor]).toEqual([2, null]);
});

test('revoking a session ends that one and no other, with the next request', async () => {
  const grace = await addMember(place, ada);
  const [lost, kept] = [await logIn(place, grace), await logIn(place, grace)];
  const id = await idOf(lost.client);
  await grace.client.auth.revokeSession.mutate({ id });
  expect(await refusalsOf(place, lost.login)).toEqual(ENDED);
  expect(await refusalsOf(place, kept.login)).toEqual(LIVE);
  expect(await refusalsOf(place, grace.login)).toEqual(LIVE);
  await expect(grace.client.auth.revokeSession.mutate({ id })).rejects.toMatchObject({ data: { reason: 'NOT_FOUND' } });
});

test('the present session can be revoked too', async () => {
  const grace = await addMember(place, ada);
  await grace.client.auth.revokeSession.mutate({ id: await idOf(grace.client) });
  expect(await refusalsOf(place, grace.login)).toEqual(ENDED);
});

test("another user's session is not found, and continues", async () => {
  const [grace, eve] = [await addMember(place, ada), await addMember(place, ada, 'admin')];
  const id = await idOf(grace.client);
  for (const foreign of [id, crypto.randomUUID()]) {
    const answer = await rest(place.url, 'DELETE', `/auth/sessions/${foreign}`, { token: eve.login.accessToken });
    expect([answer.status, reasonOf(answer)]).toEqual([404, 'NOT_FOUND']);
  }
  expect(await refusalsOf(place, grace.login)).toEqual(LIVE);
});

test("logging out everywhere ends all sessions of the user, and nobody else's", async () => {
  const [grace, eve] = [await addMember(place, ada), await addMember(place, ada)];
  const others = [await logIn(place, grace), await logIn(place, { email: grace.email })];
  await grace.client.auth.logoutAll.mutate();
  for (const { login } of [grace, ...others]) expect(await refusalsOf(place, login)).toEqual(ENDED);
  expect(await refusalsOf(place, eve.login)).toEqual(LIVE);
});

test('a session shows to the minute when it was last used, for whatever call', async () => {
  await using owner = connect(place.databaseOwnerUrl);
  const { client } = await addMember(place, ada);
  const id = await idOf(client);
  const lastSeen = async (): Promise<number> => {
    const [row] = await owner.sql<{ age: number }[]>`
      select extract(epoch from now() - last_seen_at)::float as age from public.sessions where id = ${id}`;
    return row?.age ?? Number.NaN;
  };
  const age = (by: string) =>
    owner.sql`update public.sessions set last_seen_at = now() - ${by}::interval where id = ${id}`;
  for (const use of [() => client.users.me.query(), () => client.projects.list.query({})]) {
    await age('2 minutes');
    await use();
    await waitFor('the use to be written down', async () => (await lastSeen()) < 60);
  }
  await age('30 seconds');
  await client.users.me.query();
  expect(await lastSeen(), 'not written at every request').toBeGreaterThanOrEqual(30);
});
