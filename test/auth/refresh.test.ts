import { beforeAll, expect, inject, test } from 'vitest';
import { matching } from '../support/matchers.ts';
import { connect } from '../support/database.ts';
import { signUpTenant, logIn, type Founder } from '../support/people.ts';
import { at, reasonOf, rest, type Answer } from '../support/rest.ts';

const place = inject('stack');
let founder: Founder;

beforeAll(async () => {
  founder = await signUpTenant(place);
});

const refresh = (refreshToken: string, more: Record<string, unknown> = {}) =>
  rest(place.url, 'POST', '/auth/refresh', { body: { refreshToken, ...more } });

const me = (token: unknown) => rest(place.url, 'GET', '/users/me', { token: String(token) });
const pairIn = ({ body }: Answer) => ({
  access: String(at(body, 'accessToken')),
  next: String(at(body, 'refreshToken')),
});

/** Opens a new session of the founder in their tenant. */
async function session() {
  const { login } = await logIn(place, founder);
  return { access: login.accessToken, token: login.refreshToken };
}

/** Ends the grace of the founder's used refresh tokens: it sets their use to a minute ago. */
async function endGrace(): Promise<void> {
  await using owner = connect(place.databaseOwnerUrl);
  await owner.sql`
    update public.refresh_tokens r set used_at = now() - interval '1 minute' from public.sessions s
    where s.id = r.session_id and s.user_id = ${founder.userId} and r.used_at is not null`;
}

test('a refresh gives a new pair in the same tenant', async () => {
  const { access, token } = await session();
  const answer = await refresh(token);
  expect(answer).toMatchObject({
    status: 200,
    body: { tokenType: 'Bearer', expiresIn: 900, tenant: { slug: founder.slug } },
  });
  const pair = pairIn(answer);
  expect(pair.next).not.toBe(token);
  expect(pair.access).not.toBe(access);
  expect((await me(pair.access)).status).toBe(200);
  expect((await refresh(pair.next)).status).toBe(200);
});

test('a used refresh token gets the same successor again within its grace period', async () => {
  const { token } = await session();
  const [first, ...others] = await Promise.all(Array.from({ length: 6 }, () => refresh(token)));
  const later = await refresh(token);
  expect(new Set([first, ...others, later].map((answer) => answer && pairIn(answer).next)).size).toBe(1);
  expect((await me(pairIn(later).access)).status).toBe(200);
});

test('a refresh token used again after its grace period ends the session and its access tokens', async () => {
  const { access, token } = await session();
  const successor = pairIn(await refresh(token));
  await endGrace();

  const reused = await refresh(token);
  expect([reused.status, reasonOf(reused)]).toEqual([401, 'REFRESH_REUSED']);
  for (const dead of [access, successor.access]) expect(reasonOf(await me(dead))).toBe('UNAUTHENTICATED');
  expect(reasonOf(await refresh(successor.next))).toBe('UNAUTHENTICATED');
});

test('an older refresh token of the same session ends the session too', async () => {
  const { token } = await session();
  const second = pairIn(await refresh(token));
  const third = pairIn(await refresh(second.next));
  await endGrace();
  expect(reasonOf(await refresh(token))).toBe('REFRESH_REUSED');
  expect(reasonOf(await me(third.access))).toBe('UNAUTHENTICATED');
});

test("reuse in one session leaves the user's other sessions open", async () => {
  const [stolen, other] = [await session(), await session()];
  await refresh(stolen.token);
  await endGrace();
  expect(reasonOf(await refresh(stolen.token))).toBe('REFRESH_REUSED');
  expect((await me(other.access)).status).toBe(200);
});

test('reuse of a refresh token is written to the audit log', async () => {
  const { token } = await session();
  await refresh(token);
  await endGrace();
  const answer = await refresh(token);
  await using owner = connect(place.databaseOwnerUrl);
  const rows = await owner.sql`
    select action, outcome, actor_id from public.audit_logs where request_id = ${String(at(answer.body, 'requestId'))}`;
  expect([...rows]).toEqual([
    { action: 'session.refresh', outcome: matching(/^(denied|failure)$/), actor_id: founder.userId },
  ]);
});

test('a refresh may change to another tenant of the user, and to no other', async () => {
  const stranger = await signUpTenant(place);
  const { token } = await session();
  const refused = await refresh(token, { tenantSlug: stranger.slug });
  expect([refused.status, reasonOf(refused)]).toEqual([404, 'TENANT_NOT_FOUND']);

  // A refused refresh has not used the token.
  const lobby = await logIn(place, { email: founder.email });
  const scoped = await refresh(lobby.login.refreshToken, { tenantSlug: founder.slug });
  expect(at(scoped.body, 'tenant', 'slug')).toBe(founder.slug);
  expect((await refresh(token)).status).toBe(200);
});

test('a session that has expired cannot be refreshed', async () => {
  const { access, token } = await session();
  await using owner = connect(place.databaseOwnerUrl);
  await owner.sql`
    update public.sessions set expires_at = now() - interval '1 second' where user_id = ${founder.userId}`;
  expect(reasonOf(await refresh(token))).toBe('UNAUTHENTICATED');
  expect(reasonOf(await me(access))).toBe('UNAUTHENTICATED');
});

test.each(['', 'x', 'A'.repeat(43), 'é'.repeat(43), `${'A'.repeat(42)}=`])(
  'refuses %j as a refresh token',
  async (token) => {
    const answer = await refresh(token);
    expect([answer.status, reasonOf(answer)]).toEqual([401, 'UNAUTHENTICATED']);
  },
);
