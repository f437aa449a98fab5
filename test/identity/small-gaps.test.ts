import { createTRPCClient, httpSubscriptionLink, type TRPCLink } from '@trpc/client';
import { EventSource } from 'eventsource';
import { SignJWT, importJWK } from 'jose';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { AppRouter } from '../../client/index.ts';
import { parseEnv, SETTINGS } from '../../core/env/index.ts';
import { connect } from '../support/database.ts';
import { signUpTenant, logIn, type Founder } from '../support/people.ts';
import { at, reasonOf, rest } from '../support/rest.ts';

const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
const env = parseEnv(place.env, SETTINGS.pick({ JWT_KEYS: true, PUBLIC_URL: true }));
let ada: Founder;
let root: Awaited<ReturnType<typeof logIn>>;

beforeAll(async () => {
  [ada, root] = await Promise.all([signUpTenant(place), logIn(place, place.superuser)]);
});
afterAll(() => owner[Symbol.asyncDispose]());

/** A token with our own signature. */
async function forge(claims: { act?: object; sid: string; sub: string; tid?: string }, lives = 600): Promise<string> {
  const { sub, ...others } = claims;
  const now = Math.floor(Date.now() / 1000);
  return await new SignJWT(others)
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: env.JWT_KEYS[0].kid })
    .setIssuer(env.PUBLIC_URL)
    .setAudience('atrium:access')
    .setSubject(sub)
    .setJti(uuidv7())
    .setIssuedAt(now)
    .setExpirationTime(now + lives)
    .sign(await importJWK(env.JWT_KEYS[0], 'EdDSA'));
}

// For test/unit/core-access-token.test.ts: two more rows of its table.
test('refuses a token whose actor is no id, or none', async () => {
  for (const act of [{ sub: 'root' }, {}]) {
    const token = await forge({ sub: ada.userId, sid: uuidv7(), tid: ada.tenantId, act });
    expect(reasonOf(await rest(place.url, 'GET', '/users/me', { token }))).toBe('UNAUTHENTICATED');
  }
});

// For test/identity/api-keys.test.ts
test('a key that is revoked is listed no more, and is not revoked again', async () => {
  const { id } = await ada.client.apiKeys.create.mutate({ name: 'CI', role: 'member' });
  await ada.client.apiKeys.revoke.mutate({ id });
  expect((await ada.client.apiKeys.list.query({})).items.map((key) => key.id)).not.toContain(id);
  await expect(ada.client.apiKeys.revoke.mutate({ id })).rejects.toMatchObject({ data: { reason: 'NOT_FOUND' } });
});

// For test/identity/assumed-identity.test.ts
test('a read that fails under an assumed identity is written down', async () => {
  const { accessToken: token } = await root.client.admin.assumeIdentity.mutate({
    userId: ada.userId,
    tenantSlug: ada.slug,
    reason: 'Ticket 4711',
  });
  const id = uuidv7();
  expect(reasonOf(await rest(place.url, 'GET', `/projects/${id}`, { token, tenant: ada.slug }))).toBe('NOT_FOUND');
  const { items } = await ada.client.audit.list.query({ operatorId: root.login.user.id, limit: 1 });
  expect(items.map(({ action, outcome }) => [action, outcome])).toEqual([['project.read', 'failure']]);
});

// For test/trpc/on-status.test.ts
test('a stream ends with the token that it was opened with', async () => {
  const [session] = await owner.sql<{ id: string }[]>`
    select id from public.sessions where user_id = ${ada.userId} and revoked_at is null limit 1`;
  const [tenant] = await owner.sql<{ slug: string }[]>`
    with made as (
      insert into public.tenants (id, slug, name, schema_name, db_role, status, provisioning_step)
      select ${uuidv7()}, slug || '-still', name, schema_name || '_still', db_role || '_still', 'provisioning', 'role'
      from public.tenants where id = ${ada.tenantId} returning id, slug),
    joined as (insert into public.user_tenant_membership (user_id, tenant_id, role)
      select ${ada.userId}, id, 'admin' from made)
    select slug from made`;
  const token = await forge({ sub: ada.userId, sid: session?.id ?? '' }, 6);
  const link: TRPCLink<AppRouter> = httpSubscriptionLink({
    url: `${place.url}/trpc`,
    EventSource,
    eventSourceOptions: {
      fetch: (input: string | URL, init: { headers: Record<string, string> }) =>
        fetch(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } }),
    },
  });
  const seen: string[] = [];
  const end = await new Promise((resolve) => {
    createTRPCClient<AppRouter>({ links: [link] }).tenants.onStatus.subscribe(
      { slug: tenant?.slug ?? '' },
      {
        onData: ({ status }) => seen.push(status),
        onComplete: () => resolve('complete'),
        onError: (error) => resolve(at(error, 'data', 'reason')),
      },
    );
  });
  await owner.sql`update public.tenants set status = 'failed' where slug = ${tenant?.slug ?? ''}`;
  expect([seen, end]).toEqual([['provisioning'], 'UNAUTHENTICATED']);
});

// For test/identity/api-keys.test.ts: holds where the filter and row-level security are both gone.
test('keys are listed in their own tenant alone', async () => {
  const ben = await signUpTenant(place);
  const { id } = await ben.client.apiKeys.create.mutate({ name: 'Theirs', role: 'member' });
  await ada.client.apiKeys.create.mutate({ name: 'Mine', role: 'member' });
  const { items } = await ada.client.apiKeys.list.query({});
  expect(items.map(({ name }) => name)).toContain('Mine');
  expect(items.map((key) => key.id)).not.toContain(id);
});
