import { beforeAll, expect, inject, test } from 'vitest';
import type { Tokens } from '../../client/index.ts';
import { signUpTenant, type Founder } from '../support/people.ts';
import { at, rest } from '../support/rest.ts';
import { aboutToExpire, asTheyAre, reasonOf, refused, urlOf, watched } from './watched.ts';

const place = inject('stack');
let founder: Founder;

beforeAll(async () => {
  founder = await signUpTenant(place);
});

/** @returns a refusal in the format of Atrium */
const atrium = (status: number, reason: string): Response =>
  Response.json(
    { error: { message: reason, code: -32600, data: { code: 'X', httpStatus: status, reason } } },
    { status },
  );
const expired = (tokens: Tokens): Tokens => ({ ...tokens, expiresAt: 0 });

test('valid tokens are used without a refresh', async () => {
  const { client, given, refreshes } = await watched(founder, asTheyAre);
  expect((await client.users.me.query()).id).toBe(founder.userId);
  expect([refreshes(), given]).toEqual([0, []]);
});

for (const [when, change] of [
  ['is about to expire', aboutToExpire],
  ['was refused', refused],
] as const) {
  test(`an access token that ${when} is refreshed, and the call succeeds`, async () => {
    const { client, given, refreshes, tokens } = await watched(founder, change);
    expect((await client.users.me.query()).id).toBe(founder.userId);
    expect(refreshes()).toBe(1);
    expect(given).toHaveLength(1);
    expect(given[0]?.refreshToken).not.toBe(tokens.refreshToken);
    expect(given[0]?.expiresAt).toBeGreaterThan(Date.now() + 800_000);
    await client.projects.list.query({});
    expect(refreshes()).toBe(1);
  });

  test(`twenty calls at once share one refresh when the access token ${when}`, async () => {
    const { client, given, refreshes } = await watched(founder, change);
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.users.me.query()));
    expect(new Set(answers.map(({ id }) => id))).toEqual(new Set([founder.userId]));
    expect([refreshes(), given.length]).toEqual([1, 1]);
  });
}

test('a mutation that was refused for its token is executed once', async () => {
  const { client } = await watched(founder, refused);
  const made = await client.projects.create.mutate({ name: 'Once' });
  expect((await client.projects.list.query({})).items.map(({ id }) => id)).toEqual([made.id]);
});

test('when the session was ended elsewhere, the call fails and the client drops its tokens', async () => {
  const { client, given, tokens, refreshes } = await watched(founder, asTheyAre);
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
      const { client, given } = await watched(founder, change, {
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
    const { client, given } = await watched(founder, refused, {
      fetch: (input, init) =>
        urlOf(input).endsWith('/auth.refresh') ? Promise.resolve(atrium(401, reason)) : fetch(input, init),
    });
    expect(reasonOf(await client.users.me.query().catch((error: unknown) => error))).toBe('UNAUTHENTICATED');
    expect(given).toEqual([undefined]);
  },
);

test('the client keeps its tokens while the server is out of reach', async () => {
  let reachable = false;
  const { client, given } = await watched(founder, aboutToExpire, {
    fetch: (input, init) => (reachable ? fetch(input, init) : Promise.reject(new TypeError('fetch failed'))),
  });
  await expect(client.users.me.query()).rejects.toThrow('fetch failed');
  expect(given).toEqual([]);
  reachable = true;
  expect((await client.users.me.query()).id).toBe(founder.userId);
});

test("a stream's token is refreshed like that of any other call", async () => {
  for (const change of [aboutToExpire, refused]) {
    const { client, refreshes } = await watched(founder, change);
    const status = await new Promise((resolve, reject) => {
      client.tenants.onStatus.subscribe(
        { slug: founder.slug },
        { onData: (state) => resolve(at(state, 'status')), onError: reject },
      );
    });
    expect([status, refreshes()]).toEqual(['ready', 1]);
  }
});
