import { isTRPCClientError } from '@trpc/client';
import { beforeAll, expect, inject, test, vi } from 'vitest';
import {
  createClient,
  type AppRouter,
  type ClientOptions,
  type Tokens,
  type TokenStorage,
} from '../../client/index.ts';
import { connect } from '../support/database.ts';
import { aNumber, aString } from '../support/matchers.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, freshSlug, logIn, PASSWORD, type Founder } from '../support/people.ts';
import { at, rest } from '../support/rest.ts';
import { waitFor } from '../support/wait.ts';

const place = inject('stack');
let founder: Founder;

beforeAll(async () => {
  founder = await signUpTenant(place);
});

/** Makes a client with a session of its own that records its requests and tokens. */
async function watched(change: (tokens: Tokens) => Tokens, options: Partial<ClientOptions> = {}) {
  const tokens = change((await logIn(place, founder)).tokens());
  const given: (Tokens | undefined)[] = [];
  const sent: string[] = [];
  const client = createClient({
    url: place.url,
    tenantSlug: founder.slug,
    tokens,
    onTokens: (next) => given.push(next),
    fetch: (input, init) => {
      sent.push(new URL(urlOf(input)).pathname.replace('/trpc/', ''));
      return fetch(input, init);
    },
    ...options,
  });
  return { client, given, tokens, refreshes: () => sent.filter((path) => path === 'auth.refresh').length };
}

const urlOf = (input: string | URL | Request): string => (input instanceof Request ? input.url : String(input));
const reasonOf = (error: unknown): unknown => (isTRPCClientError<AppRouter>(error) ? error.data?.reason : error);
/** @returns a refusal in the format of Atrium */
const atrium = (status: number, reason: string): Response =>
  Response.json(
    { error: { message: reason, code: -32600, data: { code: 'X', httpStatus: status, reason } } },
    { status },
  );
const expired = (tokens: Tokens): Tokens => ({ ...tokens, expiresAt: 0 });
const aboutToExpire = (tokens: Tokens): Tokens => ({ ...tokens, expiresAt: Date.now() + 5_000 });
/** Breaks the signature of the access token, so that only the server notices that it is invalid. */
const refused = (tokens: Tokens): Tokens => ({ ...tokens, accessToken: `${tokens.accessToken.slice(0, -6)}AAAAAA` });
const asTheyAre = (tokens: Tokens): Tokens => tokens;

test('valid tokens are used without a refresh', async () => {
  const { client, given, refreshes } = await watched(asTheyAre);
  expect((await client.users.me.query()).id).toBe(founder.userId);
  expect([refreshes(), given]).toEqual([0, []]);
});

for (const [when, change] of [
  ['is about to expire', aboutToExpire],
  ['was refused', refused],
] as const) {
  test(`an access token that ${when} is refreshed, and the call succeeds`, async () => {
    const { client, given, refreshes, tokens } = await watched(change);
    expect((await client.users.me.query()).id).toBe(founder.userId);
    expect(refreshes()).toBe(1);
    expect(given).toHaveLength(1);
    expect(given[0]?.refreshToken).not.toBe(tokens.refreshToken);
    expect(given[0]?.expiresAt).toBeGreaterThan(Date.now() + 800_000);
    await client.projects.list.query({});
    expect(refreshes()).toBe(1);
  });

  test(`twenty calls at once share one refresh when the access token ${when}`, async () => {
    const { client, given, refreshes } = await watched(change);
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.users.me.query()));
    expect(new Set(answers.map(({ id }) => id))).toEqual(new Set([founder.userId]));
    expect([refreshes(), given.length]).toEqual([1, 1]);
  });
}

test('a mutation that was refused for its token is executed once', async () => {
  const { client } = await watched(refused);
  const made = await client.projects.create.mutate({ name: 'Once' });
  expect((await client.projects.list.query({})).items.map(({ id }) => id)).toEqual([made.id]);
});

test('when the session was ended elsewhere, the call fails and the client drops its tokens', async () => {
  const { client, given, tokens, refreshes } = await watched(asTheyAre);
  await rest(place.url, 'POST', '/auth/logout', { token: tokens.accessToken });
  expect(reasonOf(await client.users.me.query().catch((error: unknown) => error))).toBe('UNAUTHENTICATED');
  expect(given).toEqual([undefined]);
  expect(reasonOf(await client.users.me.query().catch((error: unknown) => error))).toBe('UNAUTHENTICATED');
  expect(refreshes()).toBe(1);
});

test.each<[string, () => Response, RegExp | string]>([
  ['403 of a proxy', () => new Response('<h1>Forbidden</h1>', { status: 403 }), /403.*not Atrium/],
  ['404 of a proxy', () => Response.json({ message: 'no route' }, { status: 404 }), /404.*not Atrium/],
  ['408 of a proxy', () => new Response(null, { status: 408 }), /408.*not Atrium/],
  ['401 of a proxy', () => new Response('Unauthorized', { status: 401 }), /401.*not Atrium/],
  ['page of a captive portal', () => new Response('<html>Welcome</html>', { status: 200 }), /200.*not Atrium/],
  ['429 of Atrium', () => atrium(429, 'RATE_LIMITED'), 'RATE_LIMITED'],
  ['503 of Atrium', () => atrium(503, 'OVERLOADED'), 'OVERLOADED'],
  ['404 of Atrium', () => atrium(404, 'TENANT_NOT_FOUND'), 'TENANT_NOT_FOUND'],
])(
  'a refresh that is answered by a %s keeps the tokens, and the call fails with that error',
  async (_, answer, told) => {
    for (const change of [expired, refused]) {
      let blocked = true;
      const { client, given } = await watched(change, {
        fetch: (input, init) =>
          blocked && urlOf(input).endsWith('/auth.refresh') ? Promise.resolve(answer()) : fetch(input, init),
      });
      const error = await client.users.me.query().catch((failure: unknown) => failure);
      if (!(error instanceof Error)) throw new Error('The call went through');
      if (told instanceof RegExp) expect(error.message).toMatch(told);
      else expect(reasonOf(error)).toBe(told);
      expect(given).toEqual([]);
      blocked = false;
      expect((await client.users.me.query()).id).toBe(founder.userId);
    }
  },
);

test.each(['UNAUTHENTICATED', 'REFRESH_REUSED'])(
  "a %s from Atrium itself ends the client's session",
  async (reason) => {
    const { client, given } = await watched(refused, {
      fetch: (input, init) =>
        urlOf(input).endsWith('/auth.refresh') ? Promise.resolve(atrium(401, reason)) : fetch(input, init),
    });
    expect(reasonOf(await client.users.me.query().catch((error: unknown) => error))).toBe('UNAUTHENTICATED');
    expect(given).toEqual([undefined]);
  },
);

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

test('simultaneous calls with long inputs are split into requests whose URLs no proxy refuses', async () => {
  const urls: string[] = [];
  const { client } = await watched(asTheyAre, {
    fetch: (input, init) => {
      urls.push(urlOf(input));
      return fetch(input, init);
    },
  });
  const token = 'x'.repeat(1_500);
  const answers = await Promise.allSettled(Array.from({ length: 10 }, () => client.invites.preview.query({ token })));
  expect(new Set(answers.map((one) => one.status === 'rejected' && reasonOf(one.reason)))).toEqual(
    new Set(['TOKEN_INVALID']),
  );
  expect(urls.length).toBeGreaterThan(1);
  expect(Math.max(...urls.map((url) => url.length))).toBeLessThan(8_000);
});

test('the client keeps its tokens while the server is out of reach', async () => {
  let reachable = false;
  const { client, given } = await watched(aboutToExpire, {
    fetch: (input, init) => (reachable ? fetch(input, init) : Promise.reject(new TypeError('fetch failed'))),
  });
  await expect(client.users.me.query()).rejects.toThrow('fetch failed');
  expect(given).toEqual([]);
  reachable = true;
  expect((await client.users.me.query()).id).toBe(founder.userId);
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

test('tokens travel in headers, never in a URL', async () => {
  const urls: string[] = [];
  const { client } = await watched(aboutToExpire, {
    fetch: (input, init) => {
      urls.push(urlOf(input));
      return fetch(input, init);
    },
  });
  await client.users.me.query();
  await new Promise<void>((resolve, reject) => {
    client.tenants.onStatus.subscribe({ slug: founder.slug }, { onComplete: resolve, onError: reject });
  });
  expect(urls.length).toBeGreaterThan(2);
  for (const url of urls) expect(url).not.toMatch(/eyJ|token=|authorization/i);
});

test("a stream's token is refreshed like that of any other call", async () => {
  for (const change of [aboutToExpire, refused]) {
    const { client, refreshes } = await watched(change);
    const status = await new Promise((resolve, reject) => {
      client.tenants.onStatus.subscribe(
        { slug: founder.slug },
        { onData: (state) => resolve(at(state, 'status')), onError: reject },
      );
    });
    expect([status, refreshes()]).toEqual(['ready', 1]);
  }
});

test('a client stays in the tenant that it switched to, also after a refresh', async () => {
  const slug = freshSlug();
  await founder.client.tenants.create.mutate({ name: 'Second', slug });
  await waitFor(`${slug} to be ready`, async () => {
    return (await founder.client.tenants.status.query({ slug })).status === 'ready';
  });
  const { client, given } = await watched(asTheyAre);
  await client.auth.switchTenant.mutate({ tenantSlug: slug });
  expect((await client.tenants.get.query()).slug).toBe(slug);
  const [pair] = given;
  expect(pair?.tenantSlug).toBe(slug);
  const later = await watched(() => aboutToExpire(pair ?? { accessToken: '', refreshToken: '', expiresAt: 0 }));
  expect((await later.client.tenants.get.query()).slug).toBe(slug);
  expect(later.refreshes()).toBe(1);
});
