import { beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, freshSlug, logIn, type Founder } from '../support/people.ts';
import { at, reasonOf, rest, type Answer } from '../support/rest.ts';
import { ENDED, LIVE, pairIn, refusalsOf, type Pair } from './pairs.ts';

const place = inject('stack');
let ada: Founder;
let ben: Founder;

beforeAll(async () => {
  [ada, ben] = await Promise.all([signUpTenant(place), signUpTenant(place, { tenantName: 'Bolts' })]);
});

/** Adds an admin to ada's tenant who is also a member of ben's, with a session. */
async function addToBoth() {
  const grace = await addMember(place, ada, 'admin');
  await using owner = connect(place.databaseOwnerUrl);
  await owner.sql`
    insert into public.user_tenant_membership (user_id, tenant_id, role)
    values (${grace.userId}, ${ben.tenantId}, 'member')`;
  return grace;
}

const switchTo = (pair: Pair, tenantSlug: string): Promise<Answer> =>
  rest(place.url, 'POST', '/auth/switch-tenant', {
    token: pair.accessToken,
    body: { tenantSlug, refreshToken: pair.refreshToken },
  });
const refresh = (refreshToken: string, more: object = {}): Promise<Answer> =>
  rest(place.url, 'POST', '/auth/refresh', { body: { refreshToken, ...more } });
const projects = async (token: string, tenant: string): Promise<unknown> =>
  reasonOf(await rest(place.url, 'GET', '/projects', { token, tenant }));

/** Ends the grace of a user's used refresh tokens. */
async function endGrace(userId: string): Promise<void> {
  await using owner = connect(place.databaseOwnerUrl);
  await owner.sql`
    update public.refresh_tokens r set used_at = now() - interval '1 minute' from public.sessions s
    where s.id = r.session_id and s.user_id = ${userId} and r.used_at is not null`;
}

test('switching gives tokens for the other tenant, in the same session', async () => {
  const grace = await addToBoth();
  const { accessToken: old } = grace.login;
  const switched = await grace.client.auth.switchTenant.mutate({ tenantSlug: ben.slug });
  expect(switched.user.id).toBe(grace.userId);
  expect(switched.tenant).toEqual({ id: ben.tenantId, slug: ben.slug, name: 'Bolts', status: 'ready', role: 'member' });

  expect(await projects(switched.accessToken, ben.slug)).toBeUndefined();
  expect(await projects(switched.accessToken, ada.slug)).toBe('TENANT_MISMATCH');
  expect(await projects(old, ada.slug)).toBeUndefined();
  expect(await projects(old, ben.slug)).toBe('TENANT_MISMATCH');
  const { items } = await grace.client.auth.sessions.query({});
  expect(items.map(({ current }) => current)).toEqual([true]);

  const { body } = await refresh(switched.refreshToken);
  expect(at(body, 'tenant', 'slug')).toBe(ben.slug);
  await rest(place.url, 'POST', '/auth/logout', { token: switched.accessToken });
  for (const pair of [grace.login, switched]) expect(await refusalsOf(place, pair)).toEqual(ENDED);
});

test("switching needs a refresh token of the access token's own session", async () => {
  const [grace, alan] = [await addToBoth(), await addMember(place, ada)];
  const elsewhere = await logIn(place, { email: grace.email, slug: ada.slug });
  const { accessToken } = grace.login;
  const alone = await rest(place.url, 'POST', '/auth/switch-tenant', {
    token: accessToken,
    body: { tenantSlug: ben.slug },
  });
  expect([alone.status, reasonOf(alone)]).toEqual([400, 'VALIDATION_FAILED']);
  for (const refreshToken of [
    '',
    'x',
    'A'.repeat(43),
    accessToken,
    elsewhere.login.refreshToken,
    alan.login.refreshToken,
  ]) {
    const refused = await switchTo({ accessToken, refreshToken }, ben.slug);
    expect([refused.status, reasonOf(refused)]).toEqual([401, 'UNAUTHENTICATED']);
  }
  // The refused calls did not use the tokens: they still work after the grace of a use.
  await endGrace(grace.userId);
  await endGrace(alan.userId);
  for (const { login } of [grace, alan, elsewhere]) expect(await refusalsOf(place, login)).toEqual(LIVE);
});

test('switching uses up the refresh token: using it after its grace period ends the session', async () => {
  for (const use of [(pair: Pair) => refresh(pair.refreshToken), (pair: Pair) => switchTo(pair, ada.slug)]) {
    const grace = await addToBoth();
    const switched = pairIn(await switchTo(grace.login, ben.slug));
    await endGrace(grace.userId);
    const again = await use(grace.login);
    expect([again.status, reasonOf(again)]).toEqual([401, 'REFRESH_REUSED']);
    expect(await refusalsOf(place, switched)).toEqual(ENDED);
    await using owner = connect(place.databaseOwnerUrl);
    const rows = await owner.sql`
      select outcome, tenant_id, actor_id from public.audit_logs where request_id = ${String(at(again.body, 'requestId'))}`;
    expect([...rows]).toEqual([{ outcome: 'failure', tenant_id: ada.tenantId, actor_id: grace.userId }]);
  }
});

test('within the grace period of a switch all callers get the same successor, for the tenant of the first use', async () => {
  const grace = await addToBoth();
  const first = await switchTo(grace.login, ben.slug);
  const others = await Promise.all([
    switchTo(grace.login, ada.slug),
    refresh(grace.login.refreshToken),
    refresh(grace.login.refreshToken, { tenantSlug: ben.slug }),
    switchTo(grace.login, ben.slug),
  ]);
  const slugOf = ({ body }: Answer) => at(body, 'tenant', 'slug');
  expect([first, ...others].map(slugOf)).toEqual([ben.slug, ada.slug, ada.slug, ben.slug, ben.slug]);
  expect(new Set([first, ...others].map((answer) => pairIn(answer).refreshToken)).size).toBe(1);
  const [other] = others;
  expect(await projects(pairIn(other).accessToken, ada.slug)).toBeUndefined();
  expect(slugOf(await refresh(pairIn(first).refreshToken))).toBe(ben.slug);
});

test('switching to a tenant without a membership is refused like to an unknown one, and the session continues', async () => {
  const grace = await addMember(place, ada);
  const answers = [];
  for (const slug of [ben.slug, freshSlug(), 'a";drop']) answers.push(await switchTo(grace.login, slug));
  for (const answer of answers) expect([answer.status, reasonOf(answer)]).toEqual([404, 'TENANT_NOT_FOUND']);
  expect(new Set(answers.map(({ body }) => at(body, 'detail'))).size).toBe(1);
  await endGrace(grace.userId);
  expect(await refusalsOf(place, grace.login)).toEqual(LIVE);
});
