import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { setSuperuser } from '../../db/identity/owner/superusers.ts';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, logIn, type Founder } from '../support/people.ts';
import { at, reasonOf, rest } from '../support/rest.ts';
import { meet } from './meeting.ts';

// Each way to end an assumed identity ends it for good.
const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
const { sql } = owner;
let ada: Founder;
let ben: Founder;
let root: Awaited<ReturnType<typeof logIn>>;

beforeAll(async () => {
  [ada, ben, root] = await Promise.all([signUpTenant(place), signUpTenant(place), logIn(place, place.superuser)]);
});
afterAll(() => owner[Symbol.asyncDispose]());

async function makeOperator() {
  const operator = await addMember(place, ben);
  await sql`update public.users set is_superuser = true where id = ${operator.userId}`;
  return operator;
}

const assumeAs = (token: string, userId: string) =>
  rest(place.url, 'POST', '/admin/assume-identity', {
    token,
    body: { userId, tenantSlug: ada.slug, reason: 'Ticket 4711: cannot see a project' },
  });

/** Makes an operator who has assumed the identity of a member of ada's tenant. */
async function assume() {
  const [operator, member] = await Promise.all([makeOperator(), addMember(place, ada)]);
  const { body } = await assumeAs(operator.login.accessToken, member.userId);
  return { id: String(at(body, 'id')), token: String(at(body, 'accessToken')), operator, userId: member.userId };
}

type Identity = Awaited<ReturnType<typeof assume>>;

const refusal = async (token: string): Promise<unknown> =>
  reasonOf(await rest(place.url, 'GET', '/projects', { token, tenant: ada.slug }));

/** @returns the rows in ada's log about the end of the assumed identity */
async function endsOf(id: string): Promise<unknown[]> {
  const rows = await sql<{ actor_type: string; actor_id: string | null }[]>`
    select actor_type, actor_id from public.audit_logs
    where entity_id = ${id} and action = 'identity.end' and outcome = 'success' and tenant_id = ${ada.tenantId}`;
  return rows.map(({ actor_type, actor_id }) => actor_id ?? actor_type);
}

const setFlag = (id: string, isSuperuser: boolean) =>
  sql`update public.users set is_superuser = ${isSuperuser} where id = ${id}`;
const setDisabled = (id: string, disabled: boolean) =>
  sql`update public.users set disabled_at = ${disabled ? new Date() : null} where id = ${id}`;
const setConsent = (consent: boolean) =>
  sql`update public.tenants set allow_assumed_identity = ${consent} where id = ${ada.tenantId}`;
const join = (userId: string) => sql`
  insert into public.user_tenant_membership (user_id, tenant_id, role) values (${userId}, ${ada.tenantId}, 'member')`;

test.each<[string, (identity: Identity) => PromiseLike<unknown>, (identity: Identity) => PromiseLike<unknown>]>([
  [
    'a demotion of its operator by command',
    ({ operator }) => setSuperuser(sql, operator.email, false),
    ({ operator }) => setSuperuser(sql, operator.email, true),
  ],
  [
    'a demotion of its operator by SQL',
    ({ operator }) => setFlag(operator.userId, false),
    ({ operator }) => setFlag(operator.userId, true),
  ],
  ['a promotion of its member', ({ userId }) => setFlag(userId, true), ({ userId }) => setFlag(userId, false)],
  [
    'a disabling of its operator',
    ({ operator }) => setDisabled(operator.userId, true),
    ({ operator }) => setDisabled(operator.userId, false),
  ],
  ['a disabling of its member', ({ userId }) => setDisabled(userId, true), ({ userId }) => setDisabled(userId, false)],
  [
    'the end of the membership',
    ({ userId }) => sql`delete from public.user_tenant_membership where user_id = ${userId}`,
    ({ userId }) => join(userId),
  ],
  ['the end of the consent', () => setConsent(false), () => setConsent(true)],
  [
    'the end of its operator’s session',
    ({ operator }) => operator.client.auth.logout.mutate(),
    ({ operator }) => logIn(place, operator),
  ],
])(
  "%s ends an assumed identity for good, with a row in the tenant's log, and undoing it does not revive the identity",
  async (...given) => {
    const [, end, undo] = given;
    const [identity, other] = [await assume(), await assume()];
    await end(identity);
    await undo(identity);
    expect(await refusal(identity.token)).toBe('UNAUTHENTICATED');
    const [row] =
      await sql`select ended_at is not null as ended from public.assumed_identities where id = ${identity.id}`;
    expect(row).toEqual({ ended: true });
    expect(await endsOf(identity.id)).toEqual(['system']);
    const alike = given[0] === 'the end of the consent';
    expect(await refusal(other.token)).toBe(alike ? 'UNAUTHENTICATED' : undefined);
  },
);

test.each<[string, (identity: Identity) => PromiseLike<unknown>, () => string]>([
  ['a removal of its member', ({ userId }) => ada.client.members.remove.mutate({ userId }), () => ada.userId],
  [
    'a withdrawal of the consent',
    async () => {
      await ada.client.tenants.update.mutate({ allowAssumedIdentity: false });
      await ada.client.tenants.update.mutate({ allowAssumedIdentity: true });
    },
    () => ada.userId,
  ],
  [
    'a disabling of its member',
    ({ userId }) => root.client.admin.disableUser.mutate({ id: userId }),
    () => root.login.user.id,
  ],
  [
    'a disabling of its operator',
    ({ operator }) => root.client.admin.disableUser.mutate({ id: operator.userId }),
    () => root.login.user.id,
  ],
])('%s ends an assumed identity with one audit row, which names who did it', async (_, end, who) => {
  const identity = await assume();
  await end(identity);
  expect(await refusal(identity.token)).toBe('UNAUTHENTICATED');
  expect(await endsOf(identity.id)).toEqual([who()]);
});

test('an operator who is demoted loses an assumed identity, and a new promotion does not revive it', async () => {
  const [operator, member] = await Promise.all([makeOperator(), addMember(place, ada)]);
  const [answer] = await meet(place, {
    // The call that assumes the identity waits for this lock after its other checks.
    lock: (tx) => tx`select from public.tenants where id = ${ada.tenantId} for update`,
    calls: async (untilWaiting) => {
      const assuming = assumeAs(operator.login.accessToken, member.userId);
      await untilWaiting(1);
      return await Promise.all([assuming, setFlag(operator.userId, false).execute()]);
    },
    waiting: 2,
  });
  expect(answer.status).toBe(200);
  await setFlag(operator.userId, true);
  expect(await refusal(String(at(answer.body, 'accessToken')))).toBe('UNAUTHENTICATED');
});

test('no database role of the server can undo the end of an identity, a session or a key', async () => {
  const identity = await assume();
  const { id: keyId } = await ada.client.apiKeys.create.mutate({ name: 'CI', role: 'member' });
  await ada.client.apiKeys.revoke.mutate({ id: keyId });
  await identity.operator.client.auth.logout.mutate();
  await using app = connect(place.databaseUrl);
  for (const as of [app.sql, sql]) {
    for (const revive of [
      () => as`update public.assumed_identities set ended_at = null where id = ${identity.id}`,
      () => as`update public.sessions set revoked_at = null where user_id = ${identity.operator.userId}`,
      () => as`update public.api_keys set revoked_at = null where id = ${keyId}`,
    ]) {
      await expect(revive()).rejects.toThrow('What has ended stays ended');
    }
  }
  const { id } = await assume();
  const prolong = sql`update public.assumed_identities set expires_at = expires_at + interval '1 second' where id = ${id}`;
  await expect(prolong).rejects.toThrow('What has ended stays ended');
});
