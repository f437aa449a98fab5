import { beforeAll, expect, inject, test, vi } from 'vitest';
import { createClient, type Tokens, type TokenStorage } from '../../client/index.ts';
import { connect } from '../support/database.ts';
import { aNumber, aString } from '../support/matchers.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, freshSlug, PASSWORD, type Founder } from '../support/people.ts';
import { waitFor } from '../support/wait.ts';
import { aboutToExpire, asTheyAre, reasonOf, watched } from './watched.ts';

const place = inject('stack');
let founder: Founder;

beforeAll(async () => {
  founder = await signUpTenant(place);
});

test('two tabs that share one storage both stay logged in, however late each refreshes', async () => {
  const kept = new Map<string, string>();
  const storage: TokenStorage = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
  const open = () => createClient({ url: place.url, storage });
  const [one, other] = [open(), open()];
  const { email, password, slug: tenantSlug } = founder;
  const { user } = await one.auth.login.mutate({ email, password, tenantSlug });
  await using owner = connect(place.databaseOwnerUrl);
  // The tabs call one at a time and at once, long after the tokens have expired and every grace is over.
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    for (const calls of [[one], [other], [one, other], [other], [one]]) {
      vi.setSystemTime(Date.now() + 1_000_000);
      await owner.sql`
        update public.refresh_tokens r set used_at = now() - interval '1 minute' from public.sessions s
        where s.id = r.session_id and s.user_id = ${founder.userId} and r.used_at is not null`;
      const tabs = calls.map((tab) => tab.users.me.query());
      for (const me of await Promise.all(tabs)) expect(me.id).toBe(user.id);
    }
  } finally {
    vi.useRealTimers();
  }
  await one.auth.logout.mutate();
  expect(reasonOf(await other.users.me.query().catch((error: unknown) => error))).toBe('UNAUTHENTICATED');
  expect(kept.size).toBe(0);
});

test('the client keeps the tokens of a changed password, and the session continues', async () => {
  const { client, tokens, userId } = await addMember(place, founder);
  const passwords = { currentPassword: PASSWORD, newPassword: 'nine-umbrellas-fold-a-brisk-walrus' };
  const changed = await client.auth.changePassword.mutate(passwords);
  expect(tokens().refreshToken).toBe(changed.refreshToken);
  const later = createClient({ url: place.url, tokens: aboutToExpire(tokens()) });
  expect((await later.users.me.query()).id).toBe(userId);
});

test("a login sets the client's tokens, a logout clears them, and listeners hear of both", async () => {
  const given: (Tokens | undefined)[] = [];
  const client = createClient({ url: `${place.url}/`, onTokens: (tokens) => given.push(tokens) });
  await client.auth.login.mutate({ email: founder.email, password: founder.password });
  expect(given[0]).toEqual({
    accessToken: aString,
    refreshToken: aString,
    expiresAt: aNumber,
  });
  await client.users.me.query();

  await client.auth.logout.mutate();
  expect(given.slice(1)).toEqual([undefined]);
  expect(reasonOf(await client.users.me.query().catch((error: unknown) => error))).toBe('UNAUTHENTICATED');
});

test('a client stays in the tenant that it switched to, also after a refresh', async () => {
  const slug = freshSlug();
  await founder.client.tenants.create.mutate({ name: 'Second', slug });
  await waitFor(`${slug} to be ready`, async () => {
    return (await founder.client.tenants.status.query({ slug })).status === 'ready';
  });
  const { client, given } = await watched(founder, asTheyAre);
  await client.auth.switchTenant.mutate({ tenantSlug: slug });
  expect((await client.tenants.get.query()).slug).toBe(slug);
  const [pair] = given;
  expect(pair?.tenantSlug).toBe(slug);
  const later = await watched(founder, () =>
    aboutToExpire(pair ?? { accessToken: '', refreshToken: '', expiresAt: 0 }),
  );
  expect((await later.client.tenants.get.query()).slug).toBe(slug);
  expect(later.refreshes()).toBe(1);
});
