import { expect, test } from 'vitest';
import { connect } from '../support/database.ts';
import { MOUNTS } from '../support/mounts.ts';
import { startOwnServer } from '../support/own-server.ts';
import { freshEmail } from '../support/people.ts';
import { at, reasonOf, rest, trpc } from '../support/rest.ts';
import { budget, freshAddress, HOUR, MINUTE, mountOf, outcome, outcomes, times } from './answers.ts';
import { reasons } from './batch.ts';
import { startLimitsTest } from './limited-server.ts';
import { withinOneWindow } from './window.ts';

const { shared, server, counted, founder } = await startLimitsTest();

test(
  'a caller over the limit gets RATE_LIMITED before any other refusal, and a known key from the same address does not',
  counted(async () => {
    await withinOneWindow(MINUTE, 8_000);
    const from = freshAddress();
    await server.prefill(['callsByCaller', `address ${from}`], 300);
    const bearers = [undefined, 'not-a-token', `atr_${'x'.repeat(43)}`];
    for (const mount of MOUNTS) {
      const seen = await outcomes(bearers.length, (turn) => {
        const bearer = bearers[turn];
        return server.call(mount, 'projects.create', from, {
          ...(bearer !== undefined && { token: bearer }),
          body: {},
        });
      });
      expect(seen).toEqual(times(3, 'RATE_LIMITED'));
    }
    const { key } = await founder.client.apiKeys.create.mutate({ name: freshEmail(), role: 'member' });
    const known = { token: key, tenant: founder.slug };
    expect(outcome(await server.call('REST', 'projects.list', freshAddress(), known))).toBe(200);
    expect(outcome(await server.call('REST', 'projects.list', from, known))).toBe(200);
  }),
);

test.each(MOUNTS)(
  'the headers say over %s what is left, and when to call again',
  counted(async (mount) => {
    await withinOneWindow(MINUTE, 8_000);
    const from = freshAddress();
    const first = await server.call(mount, 'users.me', from);
    expect(budget(first)).toEqual([300, 299]);
    expect(first.headers.has('retry-after')).toBe(false);
    await server.prefill(['callsByCaller', `address ${from}`], 299);

    const refused = await server.call(mount, 'users.me', from);
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
  'each refusal in a streamed batch says when to call again, since the headers are sent by then',
  counted(async () => {
    await withinOneWindow(MINUTE, 8_000);
    const from = freshAddress();
    await server.prefill(['callsByCaller', `address ${from}`], 300);
    const headers = { 'x-forwarded-for': from, 'trpc-accept': 'application/jsonl' };
    const answer = await fetch(`${server.url}/trpc/users.me,users.me?batch=1&input=%7B%7D`, { headers });
    expect((await answer.text()).match(/"reason":"RATE_LIMITED"[^}]*"retryAfter":\d+/g)).toHaveLength(2);
  }),
);

test(
  'a batch of ten logins counts as ten, and a batch of eleven is refused as one call',
  counted(async () => {
    await withinOneWindow(MINUTE, 25_000);
    const from = freshAddress();
    const headers = { 'x-forwarded-for': from };
    const attempt = (email: string) => ({ email, password: 'not-the-password-at-all' });
    const batch = (count: number, email: () => string) =>
      trpc(server.url, 'mutation', `${times(count, 'auth.login').join(',')}?batch=1`, {
        body: Object.fromEntries(Array.from({ length: count }, (_, index) => [index, attempt(email())])),
        headers,
      });
    const alone = () => server.call('REST', 'auth.login', from, { body: attempt(freshEmail()) });

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
  'a call that is refused by a limit leaves no row in the audit log',
  counted(async () => {
    const email = freshEmail();
    await withinOneWindow(MINUTE, 8_000);
    const from = freshAddress();
    const body = { email, password: 'not-the-password-at-all' };
    const ids: string[] = [];
    const login = async (turn: number) => {
      const answer = await server.call(mountOf(turn), 'auth.login', from, { body });
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
  'X-Forwarded-For from an untrusted sender does not change the address, and memory: counts in the process',
  counted(async () => {
    await using own = await startOwnServer(shared, { RATE_LIMIT_FACTOR: '1', RATE_LIMIT_URL: 'memory:' });
    await withinOneWindow(HOUR, 8_000);
    const guess = (turn: number) =>
      rest(own.url, 'POST', '/invites/accept', {
        body: { token: `made-up-${turn}` },
        headers: { 'x-forwarded-for': freshAddress() },
      });
    expect(await outcomes(7, guess)).toEqual([...times(5, 'TOKEN_INVALID'), 'RATE_LIMITED', 'RATE_LIMITED']);
  }),
);
