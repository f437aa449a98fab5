import { beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { callOn, MOUNTS, onBothMounts } from '../support/mounts.ts';
import { signUpTenant, freshSlug, logIn, type Founder } from '../support/people.ts';
import { reasonOf, type Call } from '../support/rest.ts';

const place = inject('stack');
const MALFORMED = { id: 'not-an-id' };

interface Cast {
  founder: Founder;
  other: Founder;
  /** Access tokens. */
  admin: string;
  member: string;
  lobby: string;
  left: string;
  loggedOut: string;
}
let cast: Cast;

beforeAll(async () => {
  const [founder, other] = await Promise.all([signUpTenant(place), signUpTenant(place)]);
  const member = await addMember(place, founder);
  const left = await addMember(place, founder);
  const gone = await logIn(place, founder);
  await gone.client.auth.logout.mutate();
  await using owner = connect(place.databaseOwnerUrl);
  await owner.sql`delete from public.user_tenant_membership where user_id = ${left.userId}`;
  cast = {
    founder,
    other,
    admin: founder.tokens().accessToken,
    member: member.login.accessToken,
    lobby: (await logIn(place, { email: founder.email })).login.accessToken,
    left: left.login.accessToken,
    loggedOut: gone.login.accessToken,
  };
});

interface Case {
  who: string;
  call: (cast: Cast) => Call;
  status: number;
  reason: string;
}

// Each case also fails every later check, so the answer shows which check comes first.
const CASES: Case[] = [
  { who: 'nobody', call: () => ({}), status: 401, reason: 'UNAUTHENTICATED' },
  {
    who: 'nobody, at a foreign tenant',
    call: ({ other }) => ({ tenant: other.slug }),
    status: 401,
    reason: 'UNAUTHENTICATED',
  },
  { who: 'a made-up token', call: () => ({ token: 'made.up.token' }), status: 401, reason: 'UNAUTHENTICATED' },
  {
    who: 'a session that ended',
    call: ({ loggedOut }) => ({ token: loggedOut }),
    status: 401,
    reason: 'UNAUTHENTICATED',
  },
  {
    who: 'a session that ended, at a foreign tenant',
    call: ({ loggedOut, other }) => ({ token: loggedOut, tenant: other.slug }),
    status: 401,
    reason: 'UNAUTHENTICATED',
  },
  {
    who: 'a member without the header',
    call: ({ member }) => ({ token: member }),
    status: 400,
    reason: 'TENANT_REQUIRED',
  },
  {
    who: 'a former member without the header',
    call: ({ left }) => ({ token: left }),
    status: 400,
    reason: 'TENANT_REQUIRED',
  },
  {
    who: 'a lobby token without the header',
    call: ({ lobby }) => ({ token: lobby }),
    status: 400,
    reason: 'TENANT_REQUIRED',
  },
  {
    who: 'a lobby token at its own tenant',
    call: ({ lobby, founder }) => ({ token: lobby, tenant: founder.slug }),
    status: 403,
    reason: 'TENANT_MISMATCH',
  },
  {
    who: 'a lobby token at no tenant',
    call: ({ lobby }) => ({ token: lobby, tenant: freshSlug() }),
    status: 403,
    reason: 'TENANT_MISMATCH',
  },
  {
    who: 'a member at a foreign tenant',
    call: ({ member, other }) => ({ token: member, tenant: other.slug }),
    status: 403,
    reason: 'TENANT_MISMATCH',
  },
  {
    who: 'a member at a slug that does not exist',
    call: ({ member }) => ({ token: member, tenant: freshSlug() }),
    status: 403,
    reason: 'TENANT_MISMATCH',
  },
  {
    who: 'a member at a slug that can not exist',
    call: ({ member }) => ({ token: member, tenant: 'a";drop' }),
    status: 403,
    reason: 'TENANT_MISMATCH',
  },
  {
    who: 'a member at their slug in capitals',
    call: ({ member, founder }) => ({ token: member, tenant: founder.slug.toUpperCase() }),
    status: 403,
    reason: 'TENANT_MISMATCH',
  },
  {
    who: 'a former member at a foreign tenant',
    call: ({ left, other }) => ({ token: left, tenant: other.slug }),
    status: 403,
    reason: 'TENANT_MISMATCH',
  },
  {
    who: 'a former member',
    call: ({ left, founder }) => ({ token: left, tenant: founder.slug }),
    status: 404,
    reason: 'TENANT_NOT_FOUND',
  },
  {
    who: 'a member who is no admin',
    call: ({ member, founder }) => ({ token: member, tenant: founder.slug }),
    status: 403,
    reason: 'FORBIDDEN',
  },
  {
    who: 'an admin with bad input',
    call: ({ admin, founder }) => ({ token: admin, tenant: founder.slug }),
    status: 400,
    reason: 'VALIDATION_FAILED',
  },
];

for (const { mount, who, call, status, reason } of onBothMounts(CASES)) {
  test(`${mount} answers ${who} with ${reason}`, async () => {
    const answer = await callOn(mount, place.url, 'projects.delete', { ...call(cast), body: MALFORMED });
    expect([answer.status, reasonOf(answer)]).toEqual([status, reason]);
  });
}

for (const mount of MOUNTS) {
  test(`${mount} refuses a caller before it reads the body`, async () => {
    const body = '{"name": ';
    const { admin, member: token, founder, other } = cast;
    const calls: Call[] = [{ body }, { token, body }, { token, tenant: other.slug, body }];
    const answers = await Promise.all(calls.map((call) => callOn(mount, place.url, 'projects.create', call)));
    expect(answers.map(reasonOf)).toEqual(['UNAUTHENTICATED', 'TENANT_REQUIRED', 'TENANT_MISMATCH']);
    const known = await callOn(mount, place.url, 'projects.create', { token: admin, tenant: founder.slug, body });
    expect(reasonOf(known)).toBe('VALIDATION_FAILED');
  });

  test(`${mount} looks for a row only when all other checks have passed`, async () => {
    const { admin: token, founder } = cast;
    const body = { id: crypto.randomUUID() };
    const answer = await callOn(mount, place.url, 'projects.delete', { token, tenant: founder.slug, body });
    expect([answer.status, reasonOf(answer)]).toEqual([404, 'NOT_FOUND']);
  });

  test(`${mount} ignores the tenant header for procedures that need only a user`, async () => {
    for (const tenant of [freshSlug(), 'a";drop', cast.other.slug]) {
      expect((await callOn(mount, place.url, 'users.me', { token: cast.lobby, tenant })).status).toBe(200);
    }
  });

  test(`${mount} refuses operator procedures to everyone else, whatever their role in a tenant`, async () => {
    const body = { slug: cast.founder.slug };
    const refused = await callOn(mount, place.url, 'admin.retryProvisioning', { token: cast.admin, body });
    expect([refused.status, reasonOf(refused)]).toEqual([403, 'FORBIDDEN']);
    const { login } = await logIn(place, place.superuser);
    const allowed = await callOn(mount, place.url, 'admin.retryProvisioning', { token: login.accessToken, body });
    expect([allowed.status, reasonOf(allowed)]).toEqual([409, 'CONFLICT']);
  });
}
