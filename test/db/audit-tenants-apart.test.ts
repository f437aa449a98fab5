import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { callOn, MOUNTS, type Mount, type Procedure } from '../support/mounts.ts';
import { signUpTenant, freshSlug, logIn, type Founder } from '../support/people.ts';
import type { Call } from '../support/rest.ts';
import { freshRequestId, rowsOf } from './audit-rows.ts';

// The log of a tenant, which its admins can read, shows nothing of other tenants of its members.
const stack = inject('stack');
const owner = connect(stack.databaseOwnerUrl);
let ada: Founder;
let ben: Founder;
let cleo: Founder;

beforeAll(async () => {
  [ada, ben, cleo] = await Promise.all([signUpTenant(stack), signUpTenant(stack), signUpTenant(stack)]);
});
afterAll(() => owner[Symbol.asyncDispose]());

/** Calls a procedure. @returns the tenants whose logs have a row of it */
async function logsOf(mount: Mount, procedure: Procedure, call: Call): Promise<unknown[]> {
  const id = freshRequestId('apart');
  await callOn(mount, stack.url, procedure, { ...call, headers: { 'x-request-id': id } });
  return (await rowsOf(owner.sql, id)).map((row) => row['tenant_id']);
}

/** Adds a person to ada's and ben's tenants, with `count` sessions in ada's. @param removed whether to remove them from ada's */
async function sessionsOf(count: number, removed: boolean) {
  const grace = await addMember(stack, ada);
  await owner.sql`
    insert into public.user_tenant_membership (user_id, tenant_id, role) values (${grace.userId}, ${ben.tenantId}, 'member')`;
  const logins = [];
  for (let made = 0; made < count; made += 1) logins.push((await logIn(stack, { ...grace, slug: ada.slug })).login);
  if (removed) await ada.client.members.remove.mutate({ userId: grace.userId });
  return logins.map(({ accessToken: token, refreshToken }) => ({ token, refreshToken }));
}

test.each(MOUNTS)(
  "a member's calls towards another tenant are written to the log of their own tenant or of the platform (%s)",
  async (mount) => {
    for (const removed of [false, true]) {
      const [one, two, three] = await sessionsOf(3, removed);
      if (!one || !two || !three) throw new Error('Nobody is logged in');
      const refresh = (refreshToken: string, tenantSlug: string) =>
        logsOf(mount, 'auth.refresh', { body: { refreshToken, tenantSlug } });
      expect(await refresh(one.refreshToken, cleo.slug)).toEqual([null]);
      expect(await refresh(one.refreshToken, ben.slug)).toEqual([ben.tenantId]);
      const { token } = two;
      const body = { tenantSlug: ben.slug, refreshToken: two.refreshToken };
      expect(await logsOf(mount, 'auth.switchTenant', { token, body })).toEqual([ben.tenantId]);
      const named = { name: 'Next door', slug: freshSlug('next') };
      expect(await logsOf(mount, 'tenants.create', { token: three.token, body: named })).toEqual([null]);
    }
    const theirs = await owner.sql<{ row: string }[]>`
    select to_jsonb(a)::text as row from public.audit_logs a where tenant_id = ${ada.tenantId}`;
    const made = await owner.sql<{ id: string }[]>`select id from public.tenants where name = 'Next door'`;
    const text = theirs.map(({ row }) => row).join('\n');
    expect(text).toContain('member.remove');
    for (const word of [ben.slug, ben.tenantId, cleo.slug, cleo.tenantId, 'Next door', ...made.map(({ id }) => id)]) {
      expect(text).not.toContain(word);
    }
  },
);

test.each(MOUNTS)(
  "an operator's calls by the token of a tenant are written to the platform's log (%s)",
  async (mount) => {
    const [operator, target] = await Promise.all([addMember(stack, ada), addMember(stack, ben)]);
    await owner.sql`update public.users set is_superuser = true where id = ${operator.userId}`;
    await owner.sql`update public.tenants set status = 'failed' where id = ${cleo.tenantId}`;
    const { accessToken: token } = operator.login;
    for (const [procedure, body] of [
      ['admin.disableUser', { id: target.userId }],
      ['admin.enableUser', { id: target.userId }],
      ['admin.retryProvisioning', { slug: cleo.slug }],
    ] as const) {
      expect([procedure, await logsOf(mount, procedure, { token, body })]).toEqual([procedure, [null]]);
    }
  },
);
