import { expect, test } from 'vitest';
import type { RuleName } from '../../core/rate-limit/index.ts';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, freshEmail, freshSlug, logIn, PASSWORD } from '../support/people.ts';
import { at, reasonOf } from '../support/rest.ts';
import { budget, freshAddress, HOUR, MINUTE, outcome, outcomes, times } from './answers.ts';
import { countOf, mutateAt } from './batch.ts';
import { startLimitsTest } from './limited-server.ts';
import { withinOneWindow } from './window.ts';

// Besides the limit of all calls, mails and tenants are limited per caller and per recipient.

const { shared, server, counted, founder } = await startLimitsTest();
const batch = mutateAt(server);

const signUp = (email: string) => ({
  body: {
    ...{ email, password: PASSWORD, fullName: 'Ada Lovelace' },
    ...{ tenantName: 'Acme', tenantSlug: freshSlug() },
  },
});

test.each(['auth.requestPasswordReset', 'auth.resendVerification'] as const)(
  'one address may ask for twenty mails an hour, to any recipient, by %s and all other procedures together',
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
    expect(outcome(await server.call('REST', 'auth.register', from, signUp(freshEmail())))).toBe('RATE_LIMITED');
    const elsewhere = await server.call('REST', procedure, freshAddress(), { body: { email: freshEmail() } });
    expect(outcome(elsewhere)).toBe(202);
  }),
);

test(
  'one recipient gets three mails an hour, of all kinds together',
  counted(async () => {
    const [recipient, another] = [freshEmail(), freshEmail()];
    await withinOneWindow(HOUR, 8_000);
    const ask = {
      register: (email: string) => server.call('REST', 'auth.register', freshAddress(), signUp(email)),
      resend: (email: string) => server.call('tRPC', 'auth.resendVerification', freshAddress(), { body: { email } }),
      reset: (email: string) => server.call('REST', 'auth.requestPasswordReset', freshAddress(), { body: { email } }),
      invite: (email: string) =>
        server.call('REST', 'invites.create', freshAddress(), {
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
      server.call('tRPC', 'invites.resend', freshAddress(), {
        ...{ token: founder.tokens().accessToken, tenant: founder.slug, body: { id: at(asked.body, 'id') } },
      });
    expect(await outcomes(3, again)).toEqual([200, 200, 'RATE_LIMITED']);
  }),
);

test(
  'one user may send fifty invites an hour, also in batches, and a refused invite does not count',
  counted(async () => {
    const admin = await signUpTenant(shared);
    const who = { token: admin.tokens().accessToken, tenant: admin.slug };
    await withinOneWindow(HOUR, 25_000);
    const strangers = () => times(10, 0).map(() => ({ email: freshEmail(), role: 'member' }));
    for (let turn = 0; turn < 4; turn += 1) {
      expect(await batch('invites.create', strangers(), who)).toEqual(times(10, 'done'));
    }
    await server.prefill(['invitesByUser', `user ${admin.userId}`], 9);
    const asked = (email: string) =>
      server.call('REST', 'invites.create', freshAddress(), { ...who, body: { email, role: 'member' } });
    expect(outcome(await asked(admin.email))).toBe('ALREADY_MEMBER');
    const last = await asked(freshEmail());
    expect(outcome(last)).toBe(201);
    expect(await batch('invites.create', strangers(), who)).toEqual(times(10, 'RATE_LIMITED'));
    const again = { ...who, body: { id: at(last.body, 'id') } };
    expect(outcome(await server.call('tRPC', 'invites.resend', freshAddress(), again))).toBe('RATE_LIMITED');
  }),
);

test(
  'one user may make five tenants an hour, also at once, one address twenty, and a taken slug does not count',
  counted(async () => {
    const user = await addMember(shared, founder);
    const who = { token: user.tokens().accessToken };
    await withinOneWindow(HOUR, 20_000);
    const create = (slug: string, from = freshAddress(), by = who) =>
      server.call('REST', 'tenants.create', from, { ...by, body: { name: 'Another', slug } });
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
    await server.prefill(['tenantsByAddress', `address ${from}`], 20);
    expect(outcome(await create(freshSlug(), from, other))).toBe('RATE_LIMITED');
    expect(outcome(await create(freshSlug(), freshAddress(), other))).toBe(202);
  }),
);

test(
  'a tenant is provisioned again ten times an hour, by one operator a hundred, and a refused attempt does not count',
  counted(async () => {
    const operator = await logIn(shared, shared.superuser);
    const theirs = await signUpTenant(shared);
    await using owner = connect(shared.databaseOwnerUrl);
    const retry = (slug: string) =>
      server.call('REST', 'admin.retryProvisioning', freshAddress(), {
        ...{ token: operator.tokens().accessToken, body: { slug } },
      });
    await withinOneWindow(HOUR, 15_000);
    await server.prefill(['retriesByTenant', theirs.tenantId], 9);
    expect(await outcomes(2, () => retry(theirs.slug))).toEqual(times(2, 'CONFLICT'));
    await owner.sql`update public.tenants set status = 'failed' where id = ${theirs.tenantId}`;
    expect(await outcomes(2, () => retry(theirs.slug))).toEqual([202, 'RATE_LIMITED']);
    await server.prefill(['retriesByUser', `user ${operator.login.user.id}`], 99);
    expect(outcome(await retry(founder.slug))).toBe('RATE_LIMITED');
  }),
);

test(
  'no header tells what is left of a limit that others share',
  counted(async () => {
    const mine = await signUpTenant(shared);
    const [victim, member] = await Promise.all([addMember(shared, mine), addMember(shared, mine)]);
    await withinOneWindow(MINUTE, 15_000);
    const full: [RuleName, string, number][] = [
      ['loginFailuresByAccount', victim.email, 100],
      ['mailsByRecipient', victim.email, 3],
      ['callsByTenant', mine.tenantId, 2_999],
    ];
    for (const [rule, key, count] of full) await server.prefill([rule, key], count);
    const login = { body: { email: victim.email, password: 'not-the-password-at-all' } };
    const refused = await server.call('REST', 'auth.login', freshAddress(), login);
    expect([reasonOf(refused), budget(refused)]).toEqual(['RATE_LIMITED', [5, 4]]);
    const asked = await server.call('tRPC', 'auth.requestPasswordReset', freshAddress(), {
      body: { email: victim.email },
    });
    expect([reasonOf(asked), budget(asked)]).toEqual(['RATE_LIMITED', [20, 19]]);
    for (const answer of [refused, asked]) expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);

    const list = () =>
      server.call('REST', 'projects.list', freshAddress(), { token: member.tokens().accessToken, tenant: mine.slug });
    const [last, over] = [await list(), await list()];
    expect([outcome(last), budget(last)]).toEqual([200, [300, 299]]);
    expect([outcome(over), budget(over)]).toEqual(['RATE_LIMITED', [300, 298]]);
  }),
);
