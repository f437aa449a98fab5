import { beforeAll, expect, inject, test } from 'vitest';
import { matching } from '../support/matchers.ts';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { callOn, onBothMounts } from '../support/mounts.ts';
import { signUpTenant, logIn, type Founder } from '../support/people.ts';
import { reasonOf } from '../support/rest.ts';

const place = inject('stack');
let founder: Founder;
/** Access tokens of an admin, a member, a former member, and an operator of the platform. */
let admin: string;
let member: string;
let former: string;
let operator: string;

beforeAll(async () => {
  founder = await signUpTenant(place);
  const left = await addMember(place, founder);
  await using owner = connect(place.databaseOwnerUrl);
  await owner.sql`delete from public.user_tenant_membership where user_id = ${left.userId}`;
  admin = founder.tokens().accessToken;
  member = (await addMember(place, founder)).login.accessToken;
  former = left.login.accessToken;
  operator = (await logIn(place, place.superuser)).login.accessToken;
});

async function setStatus(status: string): Promise<void> {
  await using owner = connect(place.databaseOwnerUrl);
  await owner.sql`update public.tenants set status = ${status} where id = ${founder.tenantId}`;
}

const STATES = [
  { state: 'provisioning', status: 503, reason: 'TENANT_NOT_READY', retry: true },
  { state: 'failed', status: 503, reason: 'TENANT_NOT_READY', retry: true },
  { state: 'migrating', status: 503, reason: 'TENANT_MIGRATING', retry: true },
  { state: 'suspended', status: 403, reason: 'TENANT_SUSPENDED', retry: false },
  { state: 'deleted', status: 410, reason: 'TENANT_DELETED', retry: false },
];

for (const { mount, state, status, reason, retry } of onBothMounts(STATES)) {
  test(`${mount}: a tenant that is ${state} answers ${reason} to its members, before it looks at their role`, async () => {
    await setStatus(state);
    for (const token of [admin, member]) {
      const call = { token, tenant: founder.slug, body: { id: 'not-an-id' } };
      const answer = await callOn(mount, place.url, 'projects.delete', call);
      expect([answer.status, reasonOf(answer)]).toEqual([status, reason]);
      expect(answer.headers.get('retry-after')).toEqual(retry ? matching(/^[1-9]\d*$/) : null);
    }
  });

  test(`${mount}: only members learn that a tenant is ${state}`, async () => {
    await setStatus(state);
    const answer = await callOn(mount, place.url, 'projects.list', { token: former, tenant: founder.slug });
    expect([answer.status, reasonOf(answer)]).toEqual([404, 'TENANT_NOT_FOUND']);
    const asked = await callOn(mount, place.url, 'tenants.status', { token: operator, body: { slug: founder.slug } });
    expect([asked.status, reasonOf(asked)]).toEqual([404, 'TENANT_NOT_FOUND']);
  });
}

for (const { state } of STATES) {
  test(`members of a tenant that is ${state} still log in, and read its status`, async () => {
    await setStatus(state);
    const { client, login } = await logIn(place, founder);
    expect(login.tenant?.status).toBe(state);
    expect((await client.tenants.status.query({ slug: founder.slug })).status).toBe(state);
  });
}

test('a tenant that becomes ready again accepts the tokens from before', async () => {
  await setStatus('suspended');
  await setStatus('ready');
  const answer = await callOn('REST', place.url, 'projects.list', { token: member, tenant: founder.slug });
  expect(answer.status).toBe(200);
});
