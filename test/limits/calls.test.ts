import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { MOUNTS } from '../support/mounts.ts';
import { startOwnServer } from '../support/own-server.ts';
import { signUpTenant, freshEmail, logIn, type Founder } from '../support/people.ts';
import { at, reasonOf, rest, trpc, type Answer } from '../support/rest.ts';
import { countedAt, freshAddress, outcome, outcomes, startLimitedPlace, times } from './limited-server.ts';
import { withinOneWindow } from './window.ts';

const MINUTE = 60;

const shared = inject('stack');
const place = await startLimitedPlace(shared);
const counted = countedAt(place);
afterAll(() => place[Symbol.asyncDispose]());
let founder: Founder;
beforeAll(async () => {
  founder = await signUpTenant(shared);
});

const turns = (turn: number) => MOUNTS[turn % 2] ?? 'REST';

const TEN_EMPTY = encodeURIComponent(JSON.stringify(Object.fromEntries(times(10, {}).entries())));

/** Ten calls of one procedure in one batch. */
const ten = (procedure: string, from: string, who: { token?: string; tenant?: string } = {}): Promise<Answer> =>
  trpc(place.url, 'query', `${times(10, procedure).join(',')}?batch=1&input=${TEN_EMPTY}`, {
    ...who,
    headers: { 'x-forwarded-for': from },
  });

/** The reasons of a batch's answers, each once. */
function reasons({ body }: Answer): unknown[] {
  const all = Array.isArray(body) ? body.map((one: unknown) => at(one, 'error', 'data', 'reason')) : [body];
  return [...new Set(all)];
}

/** What stands in the headers of every answer that was counted. */
const budget = ({ headers }: Answer) =>
  [headers.get('ratelimit-limit'), headers.get('ratelimit-remaining')].map(Number);

async function makeKey(): Promise<string> {
  const { key } = await founder.client.apiKeys.create.mutate({ name: freshEmail(), role: 'member' });
  return key;
}

test(
  'three hundred calls a minute for one user, from wherever, in batches and by both mounts',
  counted(async () => {
    const [busy, { tokens }] = await Promise.all([addMember(shared, founder), addMember(shared, founder)]);
    const token = busy.tokens().accessToken;
    await withinOneWindow(MINUTE, 25_000);
    for (let batch = 0; batch < 29; batch++) {
      expect(reasons(await ten('users.me', freshAddress(), { token }))).toEqual([undefined]);
    }
    const me = (turn: number) => place.call(turns(turn), 'users.me', freshAddress(), { token });
    expect(await outcomes(12, me)).toEqual([...times(10, 200), 'RATE_LIMITED', 'RATE_LIMITED']);
    expect(reasons(await ten('users.me', freshAddress(), { token }))).toEqual(['RATE_LIMITED']);
    const colleague = { token: tokens().accessToken, tenant: founder.slug };
    expect(outcome(await place.call('REST', 'projects.list', freshAddress(), colleague))).toBe(200);
  }),
);

test(
  'three hundred calls a minute for one API key, each for itself',
  counted(async () => {
    const owner = await signUpTenant(shared);
    const made = await Promise.all(
      ['one', 'other'].map((name) => owner.client.apiKeys.create.mutate({ name, role: 'member' })),
    );
    const [one = '', other = ''] = made.map(({ key }) => key);
    await withinOneWindow(MINUTE, 25_000);
    const ownedBy = (key: string) => ({ token: key, tenant: owner.slug });
    const list = (key: string) => place.call('REST', 'projects.list', freshAddress(), ownedBy(key));
    for (let batch = 0; batch < 30; batch++) {
      expect(reasons(await ten('projects.list', freshAddress(), ownedBy(one)))).toEqual([undefined]);
    }
    expect(outcome(await list(one))).toBe('RATE_LIMITED');
    expect(outcome(await list(other))).toBe(200);
  }),
);

test.each([
  { what: 'IPv4 address', make: () => ({ hosts: [freshAddress()], neighbour: freshAddress() }) },
  {
    what: '/64 of IPv6, however it is written',
    make: () => {
      const net = randomBytes(2)
        .toString('hex')
        .replaceAll(/^0+(?=.)/g, '');
      return {
        hosts: [
          `2001:db8:${net}:8::1`,
          `2001:DB8:${net.toUpperCase()}:8:ffff::9`,
          `2001:0db8:${net.padStart(4, '0')}:0008:1:2:3:4`,
        ],
        neighbour: `2001:db8:${net}:9::1`,
      };
    },
  },
])(
  'three hundred calls a minute without a token from one $what',
  counted(async ({ make }) => {
    const { hosts, neighbour } = make();
    await withinOneWindow(MINUTE, 8_000);
    const host = (turn: number) => hosts[turn % hosts.length] ?? '';
    for (let batch = 0; batch < 30; batch++) {
      expect(reasons(await ten('users.me', host(batch)))).toEqual(['UNAUTHENTICATED']);
    }
    const me = (turn: number) => place.call(turns(turn), 'users.me', host(turn));
    expect(await outcomes(4, me)).toEqual(times(4, 'RATE_LIMITED'));
    expect(outcome(await place.call('REST', 'users.me', neighbour))).toBe('UNAUTHENTICATED');
  }),
);

test(
  'three thousand calls a minute for one tenant, by whoever',
  counted(async () => {
    const [mine, theirs] = await Promise.all([signUpTenant(shared), signUpTenant(shared)]);
    const [{ key }, member] = await Promise.all([
      mine.client.apiKeys.create.mutate({ name: 'Exporter', role: 'member' }),
      addMember(shared, mine),
    ]);
    await withinOneWindow(MINUTE, 25_000);
    await place.prefill(['callsByTenant', mine.tenantId], 2_998);
    const list = (bearer: string, tenant: string) =>
      place.call('REST', 'projects.list', freshAddress(), { token: bearer, tenant });
    // Of what the whole tenant has left nothing is told.
    expect(budget(await list(mine.tokens().accessToken, mine.slug))).toEqual([300, 299]);
    // Whose a key is, the server knows from its first call on.
    await list(key, mine.slug);
    const last = [mine.tokens().accessToken, member.tokens().accessToken, key];
    expect(await outcomes(3, (turn) => list(last[turn] ?? '', mine.slug))).toEqual([
      200,
      'RATE_LIMITED',
      'RATE_LIMITED',
    ]);
    expect(outcome(await list(theirs.tokens().accessToken, theirs.slug))).toBe(200);
  }),
);

test(
  'who is over their own limit, or calls with a revoked key, uses up nothing of their tenant’s',
  counted(async () => {
    const mine = await signUpTenant(shared);
    const member = await addMember(shared, mine);
    const { key, id } = await mine.client.apiKeys.create.mutate({ name: 'Exporter', role: 'member' });
    await withinOneWindow(MINUTE, 25_000);
    const list = (bearer: string) =>
      place.call('REST', 'projects.list', freshAddress(), { token: bearer, tenant: mine.slug });
    expect(outcome(await list(key))).toBe(200);
    await mine.client.apiKeys.revoke.mutate({ id });
    await place.prefill(['callsByCaller', `user ${member.userId}`], 300);
    await place.prefill(['callsByTenant', mine.tenantId], 2_990);
    expect(await outcomes(20, () => list(member.tokens().accessToken))).toEqual(times(20, 'RATE_LIMITED'));
    expect(await outcomes(20, () => list(key))).toEqual(times(20, 'UNAUTHENTICATED'));
    expect(outcome(await list(mine.tokens().accessToken))).toBe(200);
  }),
);

test(
  'an operator under an assumed identity is counted as the operator',
  counted(async () => {
    const [operator, theirs] = await Promise.all([logIn(shared, shared.superuser), signUpTenant(shared)]);
    const assumed = await operator.client.admin.assumeIdentity.mutate({
      ...{ userId: theirs.userId, tenantSlug: theirs.slug, reason: 'Counts whose calls these are' },
    });
    await withinOneWindow(MINUTE, 5_000);
    const bearers = [operator.tokens().accessToken, assumed.accessToken, theirs.tokens().accessToken];
    const seen: number[][] = [];
    for (const bearer of bearers) {
      seen.push(budget(await place.call('REST', 'users.me', freshAddress(), { token: bearer })));
    }
    expect(seen).toEqual([
      [300, 299],
      [300, 298],
      [300, 299],
    ]);
  }),
);

test(
  'made-up API keys count for the address that they come from',
  counted(async () => {
    await withinOneWindow(MINUTE, 8_000);
    const from = freshAddress();
    const madeUp = () => `atr_${randomBytes(32).toString('base64url')}`;
    for (let batch = 0; batch < 30; batch++) {
      expect(reasons(await ten('projects.list', from, { token: madeUp() }))).not.toContain('RATE_LIMITED');
    }
    const list = () => place.call('REST', 'projects.list', from, { token: madeUp(), tenant: founder.slug });
    expect(outcome(await list())).toBe('RATE_LIMITED');
  }),
);

test(
  'a caller over the limit is told so before anything else, and a known one beside them is not',
  counted(async () => {
    await withinOneWindow(MINUTE, 8_000);
    const from = freshAddress();
    await place.prefill(['callsByCaller', `address ${from}`], 300);
    const bearers = [undefined, 'not-a-token', `atr_${'x'.repeat(43)}`];
    for (const mount of MOUNTS) {
      const seen = await outcomes(bearers.length, (turn) => {
        const bearer = bearers[turn];
        return place.call(mount, 'projects.create', from, { ...(bearer !== undefined && { token: bearer }), body: {} });
      });
      expect(seen).toEqual(times(3, 'RATE_LIMITED'));
    }
    const key = await makeKey();
    const known = { token: key, tenant: founder.slug };
    expect(outcome(await place.call('REST', 'projects.list', freshAddress(), known))).toBe(200);
    expect(outcome(await place.call('REST', 'projects.list', from, known))).toBe(200);
  }),
);

test.each(MOUNTS)(
  'says by %s what is left, and when to come again',
  counted(async (mount) => {
    await withinOneWindow(MINUTE, 8_000);
    const from = freshAddress();
    const first = await place.call(mount, 'users.me', from);
    expect(budget(first)).toEqual([300, 299]);
    expect(first.headers.has('retry-after')).toBe(false);
    await place.prefill(['callsByCaller', `address ${from}`], 299);

    const refused = await place.call(mount, 'users.me', from);
    expect([refused.status, reasonOf(refused)]).toEqual([429, 'RATE_LIMITED']);
    expect(budget(refused)).toEqual([300, 0]);
    for (const header of ['ratelimit-reset', 'retry-after']) {
      const seconds = refused.headers.get(header) ?? '';
      expect(seconds).toMatch(/^\d+$/);
      expect(Number(seconds)).toBeGreaterThan(0);
      expect(Number(seconds)).toBeLessThanOrEqual(60);
    }
  }),
);

test(
  'a streamed batch, whose headers are gone by then, says in each refusal when to come again',
  counted(async () => {
    await withinOneWindow(MINUTE, 8_000);
    const from = freshAddress();
    await place.prefill(['callsByCaller', `address ${from}`], 300);
    const headers = { 'x-forwarded-for': from, 'trpc-accept': 'application/jsonl' };
    const answer = await fetch(`${place.url}/trpc/users.me,users.me?batch=1&input=%7B%7D`, { headers });
    expect((await answer.text()).match(/"reason":"RATE_LIMITED"[^}]*"retryAfter":\d+/g)).toHaveLength(2);
  }),
);

test(
  'a batch of ten logins counts as ten, and one of eleven is refused whole',
  counted(async () => {
    await withinOneWindow(MINUTE, 25_000);
    const from = freshAddress();
    const headers = { 'x-forwarded-for': from };
    const attempt = (email: string) => ({ email, password: 'not-the-password-at-all' });
    const batch = (count: number, email: () => string) =>
      trpc(place.url, 'mutation', `${times(count, 'auth.login').join(',')}?batch=1`, {
        body: Object.fromEntries(Array.from({ length: count }, (_, index) => [index, attempt(email())])),
        headers,
      });
    const alone = () => place.call('REST', 'auth.login', from, { body: attempt(freshEmail()) });

    expect(reasons(await batch(10, freshEmail))).toEqual(['INVALID_CREDENTIALS']);
    expect(budget(await alone())).toEqual([20, 9]);
    expect(outcome(await batch(11, freshEmail))).toBe('VALIDATION_FAILED');
    expect(budget(await alone())).toEqual([20, 8]);

    const email = freshEmail();
    const guesses = await batch(7, () => email);
    expect(
      Array.isArray(guesses.body) && guesses.body.map((one: unknown) => at(one, 'error', 'data', 'reason')),
    ).toEqual(expect.arrayContaining(['INVALID_CREDENTIALS', 'RATE_LIMITED']));
    expect(guesses.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(budget(await alone())).toEqual([20, 0]);
    expect(outcome(await alone())).toBe('RATE_LIMITED');
  }),
);

test(
  'what is refused for its number leaves no row in the audit log',
  counted(async () => {
    const email = freshEmail();
    await withinOneWindow(MINUTE, 8_000);
    const from = freshAddress();
    const body = { email, password: 'not-the-password-at-all' };
    const ids: string[] = [];
    const login = async (turn: number) => {
      const answer = await place.call(turns(turn), 'auth.login', from, { body });
      ids.push(answer.headers.get('x-request-id') ?? '');
      return answer;
    };
    expect(await outcomes(7, login)).toEqual([...times(5, 'INVALID_CREDENTIALS'), 'RATE_LIMITED', 'RATE_LIMITED']);
    await using owner = connect(shared.databaseOwnerUrl);
    const rows = await owner.sql<{ id: string }[]>`
    select request_id as id from public.audit_logs where request_id in ${owner.sql(ids)}`;
    expect(rows.map(({ id }) => id).toSorted()).toEqual(ids.slice(0, 5).toSorted());
  }),
);

test(
  'a header that no trusted proxy sent changes nobody’s address, and this process counts where it is told to',
  counted(async () => {
    await using server = await startOwnServer(shared, { RATE_LIMIT_FACTOR: '1', RATE_LIMIT_URL: 'memory:' });
    await withinOneWindow(3600, 8_000);
    const guess = (turn: number) =>
      rest(server.url, 'POST', '/invites/accept', {
        body: { token: `made-up-${turn}` },
        headers: { 'x-forwarded-for': freshAddress() },
      });
    expect(await outcomes(7, guess)).toEqual([...times(5, 'TOKEN_INVALID'), 'RATE_LIMITED', 'RATE_LIMITED']);
  }),
);
