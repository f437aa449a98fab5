import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createAccessTokens } from '../../core/auth/access-token.ts';
import { parseEnv, SETTINGS } from '../../core/env/index.ts';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, type Founder } from '../support/people.ts';
import { reasonOf, rest } from '../support/rest.ts';

// An assumed identity is valid only while all its conditions hold. They are checked with every call.
const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
const env = parseEnv(place.env, SETTINGS.pick({ JWT_KEYS: true, PUBLIC_URL: true }));
const accessTokens = await createAccessTokens({ keys: env.JWT_KEYS, issuer: env.PUBLIC_URL });
let ada: Founder;
let ben: Founder;

beforeAll(async () => {
  [ada, ben] = await Promise.all([signUpTenant(place), signUpTenant(place)]);
});
afterAll(() => owner[Symbol.asyncDispose]());

/** Makes an operator who has assumed the identity of a member of ada's tenant. */
async function assume() {
  const [operator, member] = await Promise.all([addMember(place, ben), addMember(place, ada)]);
  await owner.sql`update public.users set is_superuser = true where id = ${operator.userId}`;
  const { id, accessToken } = await operator.client.admin.assumeIdentity.mutate({
    userId: member.userId,
    tenantSlug: ada.slug,
    reason: 'Ticket 4711: cannot see a project',
  });
  return { id, token: accessToken, operatorId: operator.userId, userId: member.userId };
}

type Identity = Awaited<ReturnType<typeof assume>>;
const DEAD = ['UNAUTHENTICATED', 'UNAUTHENTICATED'];

/** @returns why the token is refused: by a procedure of the lobby, and by one of the tenant */
async function refusals(token: string): Promise<unknown[]> {
  const [me, list] = await Promise.all([
    rest(place.url, 'GET', '/users/me', { token }),
    rest(place.url, 'GET', '/projects', { token, tenant: ada.slug }),
  ]);
  return [reasonOf(me), reasonOf(list)];
}

test.each<[string, (identity: Identity) => PromiseLike<unknown>]>([
  ['it expires', ({ id }) => owner.sql`update public.assumed_identities set expires_at = now() where id = ${id}`],
  ['it is ended', ({ id }) => owner.sql`update public.assumed_identities set ended_at = now() where id = ${id}`],
  [
    'the operator is none any more',
    ({ operatorId }) => owner.sql`update public.users set is_superuser = false where id = ${operatorId}`,
  ],
  [
    'the operator is disabled',
    ({ operatorId }) => owner.sql`update public.users set disabled_at = now() where id = ${operatorId}`,
  ],
  [
    "the operator's session is revoked",
    ({ operatorId }) => owner.sql`update public.sessions set revoked_at = now() where user_id = ${operatorId}`,
  ],
  [
    "the operator's session expires",
    ({ operatorId }) => owner.sql`update public.sessions set expires_at = now() where user_id = ${operatorId}`,
  ],
  [
    "its session is another's",
    ({ id }) => owner.sql`
      update public.assumed_identities set operator_session_id =
        (select s.id from public.sessions s where s.user_id = ${ben.userId} and s.revoked_at is null limit 1)
      where id = ${id}`,
  ],
  [
    'the member becomes an operator',
    ({ userId }) => owner.sql`update public.users set is_superuser = true where id = ${userId}`,
  ],
  [
    'the member is disabled',
    ({ userId }) => owner.sql`update public.users set disabled_at = now() where id = ${userId}`,
  ],
  [
    'the member is one no more',
    ({ userId }) => owner.sql`delete from public.user_tenant_membership where user_id = ${userId}`,
  ],
])('an assumed identity is refused where %s', async (_, change) => {
  const identity = await assume();
  expect(await refusals(identity.token)).toEqual([undefined, undefined]);
  await change(identity);
  expect(await refusals(identity.token)).toEqual(DEAD);
});

test('an assumed identity is refused where the tenant does not consent', async () => {
  const { token } = await assume();
  await owner.sql`update public.tenants set allow_assumed_identity = false where id = ${ada.tenantId}`;
  const refused = await refusals(token);
  await owner.sql`update public.tenants set allow_assumed_identity = true where id = ${ada.tenantId}`;
  expect(refused).toEqual(DEAD);
});

test('a token of an assumed identity is valid for its operator, member and tenant only', async () => {
  const { id: sid, operatorId, userId: sub } = await assume();
  const act = { sub: operatorId };
  const tid = ada.tenantId;
  const right = await accessTokens.sign({ sub, sid, tid, act });
  expect(await refusals(right)).toEqual([undefined, undefined]);
  for (const wrong of [
    { sub, sid, tid, act: { sub: uuidv7() } },
    { sub, sid, tid, act: { sub: ben.userId } },
    { sub: ada.userId, sid, tid, act },
    { sub, sid, tid: ben.tenantId, act },
    { sub, sid, act },
    { sub, sid, tid },
  ]) {
    expect(await refusals(await accessTokens.sign(wrong)), JSON.stringify(wrong)).toEqual(DEAD);
  }
});
