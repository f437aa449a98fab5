import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { RuleName } from '../../core/rate-limit/index.ts';
import { invite } from '../identity/invited.ts';
import { askReset } from '../identity/resets.ts';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { MOUNTS } from '../support/mounts.ts';
import { signUpTenant, freshEmail, freshSlug, logIn, PASSWORD, type Founder } from '../support/people.ts';
import { at, reasonOf, trpc, type Answer } from '../support/rest.ts';
import { countedAt, freshAddress, outcome, outcomes, startLimitedPlace, times } from './limited-server.ts';
import { withinOneWindow } from './window.ts';

// What hashes, scores, mails or provisions is limited by who asks and by whom it is for, beside the limit of all calls.

const HOUR = 3600;
const MINUTE = 60;
const WEAK = 'passwordpassword';

const shared = inject('stack');
const place = await startLimitedPlace(shared);
const counted = countedAt(place);
afterAll(() => place[Symbol.asyncDispose]());
let founder: Founder;
beforeAll(async () => {
  founder = await signUpTenant(shared);
});

const turns = (turn: number) => MOUNTS[turn % 2] ?? 'REST';

/** Calls of one mutation in one batch. @returns the reason of each, or `done` */
async function batch(
  procedure: string,
  bodies: readonly object[],
  who: { token?: string; tenant?: string; from?: string },
): Promise<string[]> {
  const { from = freshAddress(), ...caller } = who;
  const { body } = await trpc(place.url, 'mutation', `${bodies.map(() => procedure).join(',')}?batch=1`, {
    ...caller,
    body: Object.fromEntries(bodies.entries()),
    headers: { 'x-forwarded-for': from },
  });
  const answers: unknown[] = Array.isArray(body) ? body : [body];
  return answers.map((one) => {
    const reason = at(one, 'error', 'data', 'reason');
    return typeof reason === 'string' ? reason : 'done';
  });
}

const countOf = (reasons: readonly string[], reason: string): number => reasons.filter((one) => one === reason).length;

/** What stands in the headers of an answer: the limit, and what is left of it. */
const budget = ({ headers }: Answer) =>
  [headers.get('ratelimit-limit'), headers.get('ratelimit-remaining')].map(Number);

test(
  'five new passwords a minute for one user, also in one batch with the right password, and strangers log in meanwhile',
  counted(async () => {
    const [user, stranger] = await Promise.all([addMember(shared, founder), addMember(shared, founder)]);
    await withinOneWindow(MINUTE, 15_000);
    const change = { currentPassword: PASSWORD, newPassword: `${PASSWORD}-anew` };
    const changing = batch('auth.changePassword', times(10, change), { token: user.tokens().accessToken });
    const login = { body: { email: stranger.email, password: PASSWORD } };
    expect(outcome(await place.call('REST', 'auth.login', freshAddress(), login))).toBe(200);
    const seen = await changing;
    expect(countOf(seen, 'RATE_LIMITED')).toBe(5);
    expect(countOf(seen, 'done')).toBe(1);
    const other = { token: stranger.tokens().accessToken, body: change };
    expect(outcome(await place.call('tRPC', 'auth.changePassword', freshAddress(), other))).toBe(200);
  }),
);

/** Ways to set a password for someone who has proven who they are: who holds the proof, and a call. */
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
  'thirty weak passwords an hour are looked at by %s for one user or link, and for one address',
  counted(async (procedure) => {
    const [one, other] = await Promise.all([SETTERS[procedure](), SETTERS[procedure]()]);
    await withinOneWindow(HOUR, 15_000);
    const weak = (setter: typeof one, from = freshAddress()) => place.call('REST', procedure, from, setter.call(WEAK));
    await place.prefill(['weakPasswordsByHolder', one.holder], 29);
    expect(await outcomes(3, () => weak(one))).toEqual(['PASSWORD_TOO_WEAK', ...times(2, 'RATE_LIMITED')]);

    const from = freshAddress();
    await place.prefill(['weakPasswordsByAddress', `address ${from}`], 29);
    expect(await outcomes(3, () => weak(other, from))).toEqual(['PASSWORD_TOO_WEAK', ...times(2, 'RATE_LIMITED')]);
    // A weak one is given back where all new passwords are counted, and a strong one where the weak ones are.
    expect(
      Number(outcome(await place.call('REST', procedure, freshAddress(), other.call(`${PASSWORD}-anew`)))),
    ).toBeLessThan(300);
  }),
);

test.each(setters)(
  'twenty new passwords a minute by %s from one address, whoever sets them',
  counted(async (procedure) => {
    const setter = await SETTERS[procedure]();
    await withinOneWindow(MINUTE, 8_000);
    const from = freshAddress();
    await place.prefill(['passwordsByAddress', `address ${from}`], 20);
    const call = setter.call(`${PASSWORD}-anew`);
    expect(outcome(await place.call('REST', procedure, from, call))).toBe('RATE_LIMITED');
    expect(Number(outcome(await place.call('REST', procedure, freshAddress(), call)))).toBeLessThan(300);
  }),
);

test(
  'thirty sign-ups an hour from one address are looked at that have a weak password',
  counted(async () => {
    await withinOneWindow(HOUR, 8_000);
    const from = freshAddress();
    await place.prefill(['weakPasswordsByAddress', `address ${from}`], 29);
    const weak = (turn: number) =>
      place.call(turns(turn), 'auth.register', from, {
        body: {
          ...{ email: freshEmail(), password: WEAK, fullName: 'Ada Lovelace' },
          ...{ tenantName: 'Acme', tenantSlug: freshSlug() },
        },
      });
    expect(await outcomes(3, weak)).toEqual(['PASSWORD_TOO_WEAK', 'RATE_LIMITED', 'RATE_LIMITED']);
  }),
);

test.each(['auth.requestPasswordReset', 'auth.resendVerification'] as const)(
  'twenty mails an hour from one address, to whomever, by %s and all others together',
  counted(async (procedure) => {
    await withinOneWindow(HOUR, 15_000);
    const from = freshAddress();
    const fresh = () => times(10, 0).map(() => ({ email: freshEmail() }));
    const seen = [
      ...(await batch(procedure, fresh(), { from })),
      ...(await batch('auth.requestPasswordReset', fresh(), { from })),
      ...(await batch('auth.resendVerification', fresh(), { from })),
    ];
    expect(seen).toEqual([...times(20, 'done'), ...times(10, 'RATE_LIMITED')]);
    const signUp = {
      ...{ email: freshEmail(), password: PASSWORD, fullName: 'Ada Lovelace' },
      ...{ tenantName: 'Acme', tenantSlug: freshSlug() },
    };
    expect(outcome(await place.call('REST', 'auth.register', from, { body: signUp }))).toBe('RATE_LIMITED');
    const elsewhere = await place.call('REST', procedure, freshAddress(), { body: { email: freshEmail() } });
    expect(outcome(elsewhere)).toBe(202);
  }),
);

test(
  'fifty invites an hour for one user, forty of them at once, and one that is refused is none',
  counted(async () => {
    const admin = await signUpTenant(shared);
    const who = { token: admin.tokens().accessToken, tenant: admin.slug };
    await withinOneWindow(HOUR, 25_000);
    const strangers = () => times(10, 0).map(() => ({ email: freshEmail(), role: 'member' }));
    for (let turn = 0; turn < 4; turn += 1) {
      expect(await batch('invites.create', strangers(), who)).toEqual(times(10, 'done'));
    }
    await place.prefill(['invitesByUser', `user ${admin.userId}`], 9);
    const asked = (email: string) =>
      place.call('REST', 'invites.create', freshAddress(), { ...who, body: { email, role: 'member' } });
    expect(outcome(await asked(admin.email))).toBe('ALREADY_MEMBER');
    const last = await asked(freshEmail());
    expect(outcome(last)).toBe(201);
    expect(await batch('invites.create', strangers(), who)).toEqual(times(10, 'RATE_LIMITED'));
    const again = { ...who, body: { id: at(last.body, 'id') } };
    expect(outcome(await place.call('tRPC', 'invites.resend', freshAddress(), again))).toBe('RATE_LIMITED');
  }),
);

test(
  'five new tenants an hour for one user, of however many at once, and a taken slug is none; twenty for one address',
  counted(async () => {
    const user = await addMember(shared, founder);
    const who = { token: user.tokens().accessToken };
    await withinOneWindow(HOUR, 20_000);
    const create = (slug: string, from = freshAddress(), by = who) =>
      place.call('REST', 'tenants.create', from, { ...by, body: { name: 'Another', slug } });
    expect(await outcomes(6, () => create(founder.slug))).toEqual(times(6, 'SLUG_TAKEN'));
    const batches = await Promise.all(
      times(4, 0).map(() =>
        batch(
          'tenants.create',
          times(10, 0).map(() => ({ name: 'Another', slug: freshSlug() })),
          who,
        ),
      ),
    );
    expect(countOf(batches.flat(), 'done')).toBe(5);
    expect(countOf(batches.flat(), 'RATE_LIMITED')).toBe(35);

    const other = { token: founder.tokens().accessToken };
    const from = freshAddress();
    await place.prefill(['tenantsByAddress', `address ${from}`], 20);
    expect(outcome(await create(freshSlug(), from, other))).toBe('RATE_LIMITED');
    expect(outcome(await create(freshSlug(), freshAddress(), other))).toBe(202);
  }),
);

test(
  'a tenant is provisioned again ten times an hour, and a hundred by one operator, and a refusal is none',
  counted(async () => {
    const operator = await logIn(shared, shared.superuser);
    const theirs = await signUpTenant(shared);
    await using owner = connect(shared.databaseOwnerUrl);
    const retry = (slug: string) =>
      place.call('REST', 'admin.retryProvisioning', freshAddress(), {
        ...{ token: operator.tokens().accessToken, body: { slug } },
      });
    await withinOneWindow(HOUR, 15_000);
    await place.prefill(['retriesByTenant', theirs.tenantId], 9);
    expect(await outcomes(2, () => retry(theirs.slug))).toEqual(times(2, 'CONFLICT'));
    await owner.sql`update public.tenants set status = 'failed' where id = ${theirs.tenantId}`;
    expect(await outcomes(2, () => retry(theirs.slug))).toEqual([202, 'RATE_LIMITED']);
    await place.prefill(['retriesByUser', `user ${operator.login.user.id}`], 99);
    expect(outcome(await retry(founder.slug))).toBe('RATE_LIMITED');
  }),
);

test(
  'no header tells what is left of a limit that others count under',
  counted(async () => {
    const mine = await signUpTenant(shared);
    const [victim, member] = await Promise.all([addMember(shared, mine), addMember(shared, mine)]);
    await withinOneWindow(MINUTE, 15_000);
    const full: [RuleName, string, number][] = [
      ['loginFailuresByAccount', victim.email, 100],
      ['mailsByRecipient', victim.email, 3],
      ['callsByTenant', mine.tenantId, 2_999],
    ];
    for (const [rule, key, count] of full) await place.prefill([rule, key], count);
    const login = { body: { email: victim.email, password: 'not-the-password-at-all' } };
    const refused = await place.call('REST', 'auth.login', freshAddress(), login);
    expect([reasonOf(refused), budget(refused)]).toEqual(['RATE_LIMITED', [5, 4]]);
    const asked = await place.call('tRPC', 'auth.requestPasswordReset', freshAddress(), {
      body: { email: victim.email },
    });
    expect([reasonOf(asked), budget(asked)]).toEqual(['RATE_LIMITED', [20, 19]]);
    for (const answer of [refused, asked]) expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);

    const list = () =>
      place.call('REST', 'projects.list', freshAddress(), { token: member.tokens().accessToken, tenant: mine.slug });
    const [last, over] = [await list(), await list()];
    expect([outcome(last), budget(last)]).toEqual([200, [300, 299]]);
    expect([outcome(over), budget(over)]).toEqual(['RATE_LIMITED', [300, 298]]);
  }),
);
