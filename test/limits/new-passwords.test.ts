import { expect, test } from 'vitest';
import { invite } from '../identity/invited.ts';
import { askReset } from '../identity/resets.ts';
import { addMember } from '../support/members.ts';
import { freshEmail, freshSlug, PASSWORD } from '../support/people.ts';
import { freshAddress, HOUR, MINUTE, mountOf, outcome, outcomes, times } from './answers.ts';
import { countOf, mutateAt } from './batch.ts';
import { startLimitsTest } from './limited-server.ts';
import { withinOneWindow } from './window.ts';

// Besides the limit of all calls, hashing and scoring are limited per caller and per user or link.

const WEAK = 'passwordpassword';

const { shared, server, counted, founder } = await startLimitsTest();
const batch = mutateAt(server);

test(
  'one user may set five passwords a minute, also in one batch with the right password, and others can log in meanwhile',
  counted(async () => {
    const [user, stranger] = await Promise.all([addMember(shared, founder), addMember(shared, founder)]);
    await withinOneWindow(MINUTE, 15_000);
    const change = { currentPassword: PASSWORD, newPassword: `${PASSWORD}-anew` };
    const changing = batch('auth.changePassword', times(10, change), { token: user.tokens().accessToken });
    const login = { body: { email: stranger.email, password: PASSWORD } };
    expect(outcome(await server.call('REST', 'auth.login', freshAddress(), login))).toBe(200);
    const seen = await changing;
    expect(countOf(seen, 'RATE_LIMITED')).toBe(5);
    expect(countOf(seen, 'done')).toBe(1);
    const other = { token: stranger.tokens().accessToken, body: change };
    expect(outcome(await server.call('tRPC', 'auth.changePassword', freshAddress(), other))).toBe(200);
  }),
);

/** The procedures that set a password: the holder of the proof, and the call. */
const SETTERS = {
  'auth.changePassword': async () => {
    const { userId, tokens } = await addMember(shared, founder);
    const body = (newPassword: string) => ({ currentPassword: PASSWORD, newPassword });
    return {
      holder: `user ${userId}`,
      call: (password: string) => ({ token: tokens().accessToken, body: body(password) }),
    };
  },
  'auth.resetPassword': async () => {
    const { email } = await addMember(shared, founder);
    const { id, token } = await askReset(shared, email);
    return { holder: `link ${id}`, call: (newPassword: string) => ({ body: { token, newPassword } }) };
  },
  'invites.accept': async () => {
    const { id, token } = await invite(shared, founder);
    return {
      holder: `link ${id}`,
      call: (password: string) => ({ body: { token, password, fullName: 'Grace Hopper' } }),
    };
  },
} as const;
const setters = Object.keys(SETTERS).filter((name): name is keyof typeof SETTERS => name in SETTERS);

test.each(setters)(
  '%s scores thirty weak passwords an hour for one user or link, and thirty for one address',
  counted(async (procedure) => {
    const [one, other] = await Promise.all([SETTERS[procedure](), SETTERS[procedure]()]);
    await withinOneWindow(HOUR, 15_000);
    const weak = (setter: typeof one, from = freshAddress()) => server.call('REST', procedure, from, setter.call(WEAK));
    await server.prefill(['weakPasswordsByHolder', one.holder], 29);
    expect(await outcomes(3, () => weak(one))).toEqual(['PASSWORD_TOO_WEAK', ...times(2, 'RATE_LIMITED')]);

    const from = freshAddress();
    await server.prefill(['weakPasswordsByAddress', `address ${from}`], 29);
    expect(await outcomes(3, () => weak(other, from))).toEqual(['PASSWORD_TOO_WEAK', ...times(2, 'RATE_LIMITED')]);
    // A weak password is refunded in the limit of all passwords, and a strong one in the limit of weak ones.
    expect(
      Number(outcome(await server.call('REST', procedure, freshAddress(), other.call(`${PASSWORD}-anew`)))),
    ).toBeLessThan(300);
  }),
);

test.each(setters)(
  '%s sets twenty passwords a minute from one address, whoever sets them',
  counted(async (procedure) => {
    const setter = await SETTERS[procedure]();
    await withinOneWindow(MINUTE, 8_000);
    const from = freshAddress();
    await server.prefill(['passwordsByAddress', `address ${from}`], 20);
    const call = setter.call(`${PASSWORD}-anew`);
    expect(outcome(await server.call('REST', procedure, from, call))).toBe('RATE_LIMITED');
    expect(Number(outcome(await server.call('REST', procedure, freshAddress(), call)))).toBeLessThan(300);
  }),
);

test(
  'sign-ups with a weak password are scored thirty times an hour from one address',
  counted(async () => {
    await withinOneWindow(HOUR, 8_000);
    const from = freshAddress();
    await server.prefill(['weakPasswordsByAddress', `address ${from}`], 29);
    const weak = (turn: number) =>
      server.call(mountOf(turn), 'auth.register', from, {
        body: {
          ...{ email: freshEmail(), password: WEAK, fullName: 'Ada Lovelace' },
          ...{ tenantName: 'Acme', tenantSlug: freshSlug() },
        },
      });
    expect(await outcomes(3, weak)).toEqual(['PASSWORD_TOO_WEAK', 'RATE_LIMITED', 'RATE_LIMITED']);
  }),
);
