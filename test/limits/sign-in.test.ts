import { expect, test } from 'vitest';
import { invite } from '../identity/invited.ts';
import { mailsTo, nextMail, tokenIn } from '../support/mail.ts';
import { MOUNTS, resultOf } from '../support/mounts.ts';
import { signUpTenant, freshEmail, freshSlug, logIn, PASSWORD } from '../support/people.ts';
import { at } from '../support/rest.ts';
import { freshAddress, HOUR, MINUTE, mountOf, outcome, outcomes, times } from './answers.ts';
import { startLimitsTest } from './limited-server.ts';
import { withinOneWindow } from './window.ts';

const { shared, server, counted, founder } = await startLimitsTest();

const signUp = (more: object = {}) => ({
  body: {
    ...{ email: freshEmail(), password: PASSWORD, fullName: 'Ada Lovelace' },
    ...{ tenantName: 'Acme', tenantSlug: freshSlug(), ...more },
  },
});
const wrong = (email: string) => ({ body: { email, password: 'not-the-password-at-all' } });
/** Seconds until the window of an hour ends, rounded up. */
const secondsLeft = (): number => HOUR - Math.floor((Date.now() / 1000) % HOUR);

test.each(MOUNTS)(
  'one address may sign up three times an hour over %s, and refused input does not count',
  counted(async (mount) => {
    await withinOneWindow(HOUR, 8_000);
    const from = freshAddress();
    const refused = await outcomes(3, (turn) =>
      server.call(
        mount,
        'auth.register',
        from,
        signUp(turn === 1 ? { password: 'a'.repeat(15) } : { tenantSlug: '!' }),
      ),
    );
    expect(refused).toEqual(['VALIDATION_FAILED', 'PASSWORD_TOO_WEAK', 'VALIDATION_FAILED']);
    const seen = await outcomes(5, () => server.call(mount, 'auth.register', from, signUp()));
    expect(seen).toEqual([...times(3, mount === 'REST' ? 202 : 200), ...times(2, 'RATE_LIMITED')]);
    const elsewhere = await server.call(mount, 'auth.register', freshAddress(), signUp({ password: 'a'.repeat(15) }));
    expect(outcome(elsewhere)).toBe('PASSWORD_TOO_WEAK');
  }),
);

test(
  'an access token allows no more guesses at the password than the login',
  counted(async () => {
    const owner = await signUpTenant(shared);
    await withinOneWindow(HOUR, 8_000);
    await server.prefill(['loginFailuresByAccount', owner.email], 98);
    const change = (currentPassword: string) => (turn: number) =>
      server.call(mountOf(turn), 'auth.changePassword', freshAddress(), {
        ...{ token: owner.tokens().accessToken, body: { currentPassword, newPassword: `${PASSWORD}-anew` } },
      });
    expect(await outcomes(3, change('not-the-password-at-all'))).toEqual([
      ...times(2, 'INVALID_CREDENTIALS'),
      'RATE_LIMITED',
    ]);
    expect(await outcomes(1, change(PASSWORD))).toEqual(['RATE_LIMITED']);
    expect(outcome(await server.call('REST', 'auth.login', freshAddress(), wrong(owner.email)))).toBe('RATE_LIMITED');
  }),
);

test.each(MOUNTS)(
  'one account has five logins a minute from one address over %s',
  counted(async (mount) => {
    await withinOneWindow(MINUTE, 8_000);
    const from = freshAddress();
    const email = freshEmail();
    const seen = await outcomes(6, (turn) =>
      server.call(mount, 'auth.login', from, wrong(turn % 2 === 0 ? email : ` ${email.toUpperCase()}`)),
    );
    expect(seen).toEqual([...times(5, 'INVALID_CREDENTIALS'), 'RATE_LIMITED']);
    expect(outcome(await server.call(mount, 'auth.login', freshAddress(), wrong(email)))).toBe('INVALID_CREDENTIALS');
    expect(outcome(await server.call(mount, 'auth.login', from, wrong(freshEmail())))).toBe('INVALID_CREDENTIALS');
  }),
);

test(
  'one address has twenty logins a minute, on both mounts together',
  counted(async () => {
    await withinOneWindow(MINUTE, 25_000);
    const from = freshAddress();
    const seen = await outcomes(22, (turn) => server.call(mountOf(turn), 'auth.login', from, wrong(freshEmail())));
    expect(seen).toEqual([...times(20, 'INVALID_CREDENTIALS'), ...times(2, 'RATE_LIMITED')]);
  }),
);

test(
  'an account allows a hundred failed logins an hour from all addresses together, and a success does not count',
  counted(async () => {
    const { email } = await signUpTenant(shared);
    const right = { body: { email, password: PASSWORD } };
    await withinOneWindow(HOUR, 8_000);
    await server.prefill(['loginFailuresByAccount', email], 98);
    const logins = [right, wrong(email), right, wrong(email), wrong(email), right];
    const seen = await outcomes(logins.length, (turn) =>
      server.call(mountOf(turn), 'auth.login', freshAddress(), logins[turn]),
    );
    expect(seen).toEqual([200, 'INVALID_CREDENTIALS', 200, 'INVALID_CREDENTIALS', ...times(2, 'RATE_LIMITED')]);
    const before = secondsLeft();
    const { headers } = await server.call('REST', 'auth.login', freshAddress(), right);
    // The headers say nothing of the account's failures, since others make them as well.
    expect(headers.get('ratelimit-limit')).toBe('5');
    expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(before);
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(secondsLeft());
  }),
);

test(
  'one session has ten refreshes a minute, on both mounts together',
  counted(async () => {
    const [one, other] = await Promise.all([logIn(shared, founder), logIn(shared, founder)]);
    await withinOneWindow(MINUTE, 8_000);
    let { refreshToken } = one.tokens();
    const refresh = async (turn: number) => {
      const answer = await server.call(mountOf(turn), 'auth.refresh', freshAddress(), { body: { refreshToken } });
      const next = at(resultOf(mountOf(turn), answer), 'refreshToken');
      if (typeof next === 'string') refreshToken = next;
      return answer;
    };
    expect(await outcomes(12, refresh)).toEqual([...times(10, 200), ...times(2, 'RATE_LIMITED')]);
    const body = { refreshToken: other.tokens().refreshToken };
    expect(outcome(await server.call('REST', 'auth.refresh', freshAddress(), { body }))).toBe(200);
  }),
);

test(
  'one address may fail to accept an invite five times an hour, and a success does not count',
  counted(async () => {
    const { token } = await invite(shared, founder);
    await withinOneWindow(HOUR, 8_000);
    const from = freshAddress();
    const accept = (turn: number, body: object) => server.call(mountOf(turn), 'invites.accept', from, { body });
    const guess = (turn: number) => accept(turn, { token: `made-up-${turn}` });
    expect(await outcomes(4, guess)).toEqual(times(4, 'TOKEN_INVALID'));
    const accepted = await accept(1, { token, password: PASSWORD, fullName: 'Grace Hopper' });
    expect(outcome(accepted)).toBe(200);
    expect(await outcomes(3, guess)).toEqual(['TOKEN_INVALID', 'RATE_LIMITED', 'RATE_LIMITED']);
  }),
);

test(
  'each link of several sign-ups has five guesses at its password an hour',
  counted(async () => {
    const email = freshEmail();
    const register = () => server.call('REST', 'auth.register', freshAddress(), signUp({ email }));
    expect([outcome(await register()), outcome(await register())]).toEqual([202, 202]);
    // Both mails must be there: the older one may arrive last.
    await nextMail(shared.mailDir, email, 2);
    const [first = '', second = ''] = (await mailsTo(shared.mailDir, email)).map(tokenIn);
    await withinOneWindow(HOUR, 8_000);
    const verify = (token: string, password?: string) => (turn: number) =>
      server.call(mountOf(turn), 'auth.verifyEmail', freshAddress(), { body: { token, password } });
    expect(await outcomes(4, verify(first, 'not-the-password-at-all'))).toEqual(times(4, 'INVALID_CREDENTIALS'));
    expect(await outcomes(1, verify(first))).toEqual(['INVALID_CREDENTIALS']);
    expect(await outcomes(2, verify(first, PASSWORD))).toEqual(times(2, 'RATE_LIMITED'));
    expect(await outcomes(7, verify(`${first}x`, PASSWORD))).toEqual(times(7, 'TOKEN_INVALID'));
    expect(await outcomes(2, verify(second, PASSWORD))).toEqual([200, 'TOKEN_INVALID']);
    expect(await outcomes(1, verify(first, PASSWORD)), 'not valid any more').toEqual(['TOKEN_INVALID']);
  }),
);

test(
  'of twenty guesses at an invite at once, five are checked',
  counted(async () => {
    await withinOneWindow(HOUR, 8_000);
    const from = freshAddress();
    const guesses = Array.from({ length: 20 }, (_, turn) =>
      server.call(mountOf(turn), 'invites.accept', from, { body: { token: `made-up-${turn}` } }),
    );
    const seen = (await Promise.all(guesses)).map((answer) => String(outcome(answer)));
    expect(seen.toSorted((one, other) => one.localeCompare(other))).toEqual([
      ...times(15, 'RATE_LIMITED'),
      ...times(5, 'TOKEN_INVALID'),
    ]);
  }),
);
