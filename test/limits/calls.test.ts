import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { addMember } from '../support/members.ts';
import { signUpTenant, logIn } from '../support/people.ts';
import { budget, freshAddress, MINUTE, mountOf, outcome, outcomes, times } from './answers.ts';
import { reasons, tenAt } from './batch.ts';
import { startLimitsTest } from './limited-server.ts';
import { withinOneWindow } from './window.ts';

const { shared, server, counted, founder } = await startLimitsTest();
const ten = tenAt(server);

test(
  'one user has 300 calls a minute, from any address, in batches and on both mounts',
  counted(async () => {
    const [busy, { tokens }] = await Promise.all([addMember(shared, founder), addMember(shared, founder)]);
    const token = busy.tokens().accessToken;
    await withinOneWindow(MINUTE, 25_000);
    for (let batch = 0; batch < 29; batch++) {
      expect(reasons(await ten('users.me', freshAddress(), { token }))).toEqual([undefined]);
    }
    const me = (turn: number) => server.call(mountOf(turn), 'users.me', freshAddress(), { token });
    expect(await outcomes(12, me)).toEqual([...times(10, 200), 'RATE_LIMITED', 'RATE_LIMITED']);
    expect(reasons(await ten('users.me', freshAddress(), { token }))).toEqual(['RATE_LIMITED']);
    const colleague = { token: tokens().accessToken, tenant: founder.slug };
    expect(outcome(await server.call('REST', 'projects.list', freshAddress(), colleague))).toBe(200);
  }),
);

test(
  'each API key has 300 calls a minute of its own',
  counted(async () => {
    const owner = await signUpTenant(shared);
    const made = await Promise.all(
      ['one', 'other'].map((name) => owner.client.apiKeys.create.mutate({ name, role: 'member' })),
    );
    const [one = '', other = ''] = made.map(({ key }) => key);
    await withinOneWindow(MINUTE, 25_000);
    const ownedBy = (key: string) => ({ token: key, tenant: owner.slug });
    const list = (key: string) => server.call('REST', 'projects.list', freshAddress(), ownedBy(key));
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
  'calls without a token are limited to 300 a minute from one $what',
  counted(async ({ make }) => {
    const { hosts, neighbour } = make();
    await withinOneWindow(MINUTE, 8_000);
    const host = (turn: number) => hosts[turn % hosts.length] ?? '';
    for (let batch = 0; batch < 30; batch++) {
      expect(reasons(await ten('users.me', host(batch)))).toEqual(['UNAUTHENTICATED']);
    }
    const me = (turn: number) => server.call(mountOf(turn), 'users.me', host(turn));
    expect(await outcomes(4, me)).toEqual(times(4, 'RATE_LIMITED'));
    expect(outcome(await server.call('REST', 'users.me', neighbour))).toBe('UNAUTHENTICATED');
  }),
);

test(
  'one tenant has 3,000 calls a minute, whoever makes them',
  counted(async () => {
    const [mine, theirs] = await Promise.all([signUpTenant(shared), signUpTenant(shared)]);
    const [{ key }, member] = await Promise.all([
      mine.client.apiKeys.create.mutate({ name: 'Exporter', role: 'member' }),
      addMember(shared, mine),
    ]);
    await withinOneWindow(MINUTE, 25_000);
    await server.prefill(['callsByTenant', mine.tenantId], 2_998);
    const list = (bearer: string, tenant: string) =>
      server.call('REST', 'projects.list', freshAddress(), { token: bearer, tenant });
    // The headers show nothing of the limit of the whole tenant.
    expect(budget(await list(mine.tokens().accessToken, mine.slug))).toEqual([300, 299]);
    // The server learns the tenant of a key with its first call.
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
  'a caller over their own limit, or with a revoked key, uses up nothing of the tenant’s limit',
  counted(async () => {
    const mine = await signUpTenant(shared);
    const member = await addMember(shared, mine);
    const { key, id } = await mine.client.apiKeys.create.mutate({ name: 'Exporter', role: 'member' });
    await withinOneWindow(MINUTE, 25_000);
    const list = (bearer: string) =>
      server.call('REST', 'projects.list', freshAddress(), { token: bearer, tenant: mine.slug });
    expect(outcome(await list(key))).toBe(200);
    await mine.client.apiKeys.revoke.mutate({ id });
    await server.prefill(['callsByCaller', `user ${member.userId}`], 300);
    await server.prefill(['callsByTenant', mine.tenantId], 2_990);
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
      seen.push(budget(await server.call('REST', 'users.me', freshAddress(), { token: bearer })));
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
    const list = () => server.call('REST', 'projects.list', from, { token: madeUp(), tenant: founder.slug });
    expect(outcome(await list())).toBe('RATE_LIMITED');
  }),
);
