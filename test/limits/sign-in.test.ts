import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { invite } from '../identity/invited.ts';
import { nextMail, tokenIn } from '../support/mail.ts';
import { MOUNTS, resultOf } from '../support/mounts.ts';
import { signUpTenant, freshEmail, freshSlug, logIn, PASSWORD, type Founder } from '../support/people.ts';
import { at } from '../support/rest.ts';
import { countedAt, freshAddress, outcome, outcomes, startLimitedPlace, times } from './limited-server.ts';
import { withinOneWindow } from './window.ts';

const HOUR = 3600;
const MINUTE = 60;

const shared = inject('stack');
const place = await startLimitedPlace(shared);
const counted = countedAt(place);
afterAll(() => place[Symbol.asyncDispose]());
let founder: Founder;
beforeAll(async () => {
  founder = await signUpTenant(shared);
});

const signUp = (more: object = {}) => ({
  body: {
    ...{ email: freshEmail(), password: PASSWORD, fullName: 'Ada Lovelace' },
    ...{ tenantName: 'Acme', tenantSlug: freshSlug(), ...more },
  },
});
const wrong = (email: string) => ({ body: { email, password: 'not-the-password-at-all' } });
/** Until the window of an hour ends, rounded up. */
const secondsLeft = (): number => HOUR - Math.floor((Date.now() / 1000) % HOUR);
const turns = (turn: number) => MOUNTS[turn % 2] ?? 'REST';

test.each(MOUNTS)(
  'three sign-ups an hour from one address, by %s, and refused input costs none',
  counted(async (mount) => {
    await withinOneWindow(HOUR, 8_000);
    const from = freshAddress();
    const refused = await outcomes(3, (turn) =>
      place.call(mount, 'auth.register', from, signUp(turn === 1 ? { password: 'a'.repeat(15) } : { tenantSlug: '!' })),
    );
    expect(refused).toEqual(['VALIDATION_FAILED', 'PASSWORD_TOO_WEAK', 'VALIDATION_FAILED']);
    const seen = await outcomes(5, () => place.call(mount, 'auth.register', from, signUp()));
    expect(seen).toEqual([...times(3, mount === 'REST' ? 202 : 200), ...times(2, 'RATE_LIMITED')]);
    const elsewhere = await place.call(mount, 'auth.register', freshAddress(), signUp({ password: 'a'.repeat(15) }));
    expect(outcome(elsewhere)).toBe('PASSWORD_TOO_WEAK');
  }),
);

test(
  'whoever holds an access token guesses the password no more often than at the login',
  counted(async () => {
    const owner = await signUpTenant(shared);
    await withinOneWindow(HOUR, 8_000);
    await place.prefill(['loginFailuresByAccount', owner.email], 98);
    const change = (currentPassword: string) => (turn: number) =>
      place.call(turns(turn), 'auth.changePassword', freshAddress(), {
        ...{ token: owner.tokens().accessToken, body: { currentPassword, newPassword: `${PASSWORD}-anew` } },
      });
    expect(await outcomes(3, change('not-the-password-at-all'))).toEqual([
      ...times(2, 'INVALID_CREDENTIALS'),
      'RATE_LIMITED',
    ]);
    expect(await outcomes(1, change(PASSWORD))).toEqual(['RATE_LIMITED']);
    expect(outcome(await place.call('REST', 'auth.login', freshAddress(), wrong(owner.email)))).toBe('RATE_LIMITED');
  }),
);

test.each(MOUNTS)(
  'five logins a minute for one account from one address, by %s',
  counted(async (mount) => {
    await withinOneWindow(MINUTE, 8_000);
    const from = freshAddress();
    const email = freshEmail();
    const seen = await outcomes(6, (turn) =>
      place.call(mount, 'auth.login', from, wrong(turn % 2 === 0 ? email : ` ${email.toUpperCase()}`)),
    );
    expect(seen).toEqual([...times(5, 'INVALID_CREDENTIALS'), 'RATE_LIMITED']);
    expect(outcome(await place.call(mount, 'auth.login', freshAddress(), wrong(email)))).toBe('INVALID_CREDENTIALS');
    expect(outcome(await place.call(mount, 'auth.login', from, wrong(freshEmail())))).toBe('INVALID_CREDENTIALS');
  }),
);

test(
  'twenty logins a minute from one address, on both mounts together',
  counted(async () => {
    await withinOneWindow(MINUTE, 25_000);
    const from = freshAddress();
    const seen = await outcomes(22, (turn) => place.call(turns(turn), 'auth.login', from, wrong(freshEmail())));
    expect(seen).toEqual([...times(20, 'INVALID_CREDENTIALS'), ...times(2, 'RATE_LIMITED')]);
  }),
);

test(
  'a hundred failed logins an hour for one account from anywhere, and a success is none',
  counted(async () => {
    const { email } = await signUpTenant(shared);
    const right = { body: { email, password: PASSWORD } };
    await withinOneWindow(HOUR, 8_000);
    await place.prefill(['loginFailuresByAccount', email], 98);
    const logins = [right, wrong(email), right, wrong(email), wrong(email), right];
    const seen = await outcomes(logins.length, (turn) =>
      place.call(turns(turn), 'auth.login', freshAddress(), logins[turn]),
    );
    expect(seen).toEqual([200, 'INVALID_CREDENTIALS', 200, 'INVALID_CREDENTIALS', ...times(2, 'RATE_LIMITED')]);
    const before = secondsLeft();
    const { headers } = await place.call('REST', 'auth.login', freshAddress(), right);
    // Of the account's failures, which others make as well, nothing is told.
    expect(headers.get('ratelimit-limit')).toBe('5');
    expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(before);
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(secondsLeft());
  }),
);

test(
  'ten refreshes a minute for one session, on both mounts together',
  counted(async () => {
    const [one, other] = await Promise.all([logIn(shared, founder), logIn(shared, founder)]);
    await withinOneWindow(MINUTE, 8_000);
    let { refreshToken } = one.tokens();
    const refresh = async (turn: number) => {
      const answer = await place.call(turns(turn), 'auth.refresh', freshAddress(), { body: { refreshToken } });
      const next = at(resultOf(turns(turn), answer), 'refreshToken');
      if (typeof next === 'string') refreshToken = next;
      return answer;
    };
    expect(await outcomes(12, refresh)).toEqual([...times(10, 200), ...times(2, 'RATE_LIMITED')]);
    const body = { refreshToken: other.tokens().refreshToken };
    expect(outcome(await place.call('REST', 'auth.refresh', freshAddress(), { body }))).toBe(200);
  }),
);

test(
  'three mails an hour for one address, whatever for',
  counted(async () => {
    const [recipient, another] = [freshEmail(), freshEmail()];
    await withinOneWindow(HOUR, 8_000);
    const ask = {
      register: (email: string) => place.call('REST', 'auth.register', freshAddress(), signUp({ email })),
      resend: (email: string) => place.call('tRPC', 'auth.resendVerification', freshAddress(), { body: { email } }),
      reset: (email: string) => place.call('REST', 'auth.requestPasswordReset', freshAddress(), { body: { email } }),
      invite: (email: string) =>
        place.call('REST', 'invites.create', freshAddress(), {
          ...{ token: founder.tokens().accessToken, tenant: founder.slug, body: { email, role: 'member' } },
        }),
    };
    const first = [await ask.register(recipient), await ask.resend(recipient), await ask.reset(recipient)];
    expect(first.map(outcome)).toEqual([202, 200, 202]);
    const all = [ask.register, ask.resend, ask.reset, ask.invite];
    expect(await outcomes(4, (turn) => (all[turn] ?? ask.reset)(recipient))).toEqual(times(4, 'RATE_LIMITED'));

    const asked = await ask.invite(another);
    expect(outcome(asked)).toBe(201);
    const again = () =>
      place.call('tRPC', 'invites.resend', freshAddress(), {
        ...{ token: founder.tokens().accessToken, tenant: founder.slug, body: { id: at(asked.body, 'id') } },
      });
    expect(await outcomes(3, again)).toEqual([200, 200, 'RATE_LIMITED']);
  }),
);

test(
  'five failures to accept an invite an hour from one address, and a success is none',
  counted(async () => {
    const { token } = await invite(shared, founder);
    await withinOneWindow(HOUR, 8_000);
    const from = freshAddress();
    const accept = (turn: number, body: object) => place.call(turns(turn), 'invites.accept', from, { body });
    const guess = (turn: number) => accept(turn, { token: `made-up-${turn}` });
    expect(await outcomes(4, guess)).toEqual(times(4, 'TOKEN_INVALID'));
    const accepted = await accept(1, { token, password: PASSWORD, fullName: 'Grace Hopper' });
    expect(outcome(accepted)).toBe(200);
    expect(await outcomes(3, guess)).toEqual(['TOKEN_INVALID', 'RATE_LIMITED', 'RATE_LIMITED']);
  }),
);

test(
  "five passwords an hour are looked at for the link of one of several sign-ups, and another's link has its own five",
  counted(async () => {
    const email = freshEmail();
    const register = () => place.call('REST', 'auth.register', freshAddress(), signUp({ email }));
    expect([outcome(await register()), outcome(await register())]).toEqual([202, 202]);
    const mails = [await nextMail(shared.mailDir, email, 1), await nextMail(shared.mailDir, email, 2)];
    const [first = '', second = ''] = mails.map(tokenIn);
    await withinOneWindow(HOUR, 8_000);
    const verify = (token: string, password?: string) => (turn: number) =>
      place.call(turns(turn), 'auth.verifyEmail', freshAddress(), { body: { token, password } });
    expect(await outcomes(4, verify(first, 'not-the-password-at-all'))).toEqual(times(4, 'INVALID_CREDENTIALS'));
    expect(await outcomes(1, verify(first))).toEqual(['INVALID_CREDENTIALS']);
    expect(await outcomes(2, verify(first, PASSWORD))).toEqual(times(2, 'RATE_LIMITED'));
    expect(await outcomes(7, verify(`${first}x`, PASSWORD))).toEqual(times(7, 'TOKEN_INVALID'));
    expect(await outcomes(2, verify(second, PASSWORD))).toEqual([200, 'TOKEN_INVALID']);
    expect(await outcomes(1, verify(first, PASSWORD)), 'not valid any more').toEqual(['TOKEN_INVALID']);
  }),
);

test(
  'of twenty failures to accept an invite at once, five are looked at',
  counted(async () => {
    await withinOneWindow(HOUR, 8_000);
    const from = freshAddress();
    const guesses = Array.from({ length: 20 }, (_, turn) =>
      place.call(turns(turn), 'invites.accept', from, { body: { token: `made-up-${turn}` } }),
    );
    const seen = (await Promise.all(guesses)).map((answer) => String(outcome(answer)));
    expect(seen.toSorted((one, other) => one.localeCompare(other))).toEqual([
      ...times(15, 'RATE_LIMITED'),
      ...times(5, 'TOKEN_INVALID'),
    ]);
  }),
);
