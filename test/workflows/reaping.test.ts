import { randomUUID } from 'node:crypto';
import { afterAll, expect, inject, test } from 'vitest';
import { createClient } from '../../client/index.ts';
import type { TenantHome } from '../../db/tenancy/owner/provision.ts';
import { meet } from '../identity/meeting.ts';
import { connect, superuserUrl } from '../support/database.ts';
import { signUpTenant } from '../support/people.ts';
import { freshSignUp } from '../support/sign-ups.ts';
import { waitFor } from '../support/wait.ts';
import { openBench } from '../support/workflow-bench.ts';
import { homeOf, lookAt } from '../support/workflow-homes.ts';
import { ownSomething, pinRole } from '../support/workflow-owned.ts';

const stack = inject('stack');
const bench = await openBench(stack);
const { owner } = bench;
afterAll(() => bench.close());

test('the reaper removes the tenants of sign-ups that were not verified for 7 days, and frees their slugs', async () => {
  const [stale, almost] = await Promise.all([signUp(), signUp()]);
  await age(stale, '7 days 1 minute');
  await age(almost, '7 days -1 minute');
  const verified = await signUpTenant(stack);
  const kept = await homeOf(owner, verified.slug);
  await age(kept, '30 days');

  await reap();

  expect(await lookAt(owner, stale)).toEqual({ schema: false, role: false, audit: ['success'] });
  expect(await owner`select from public.sign_ups where tenant_id = ${stale.tenantId}`).toHaveLength(0);
  const reaped = await owner`
    select tenant_id, actor_type, outcome from public.audit_logs
    where action = 'tenant.reap' and entity_id = any(${[stale, almost, kept].map(({ tenantId }) => tenantId)})`;
  expect(Array.from(reaped)).toEqual([{ tenant_id: null, actor_type: 'system', outcome: 'success' }]);
  expect(await lookAt(owner, almost)).toMatchObject({ status: 'ready', schema: true, role: true });
  expect(await lookAt(owner, kept)).toMatchObject({ status: 'ready', schema: true, role: true });

  // A new sign-up can use the freed slug.
  const next = await signUpTenant(stack, { slug: stale.slug });
  expect((await homeOf(owner, next.slug)).tenantId).not.toBe(stale.tenantId);
});

test('the reaper removes the tenant of an unverified sign-up also if its provisioning failed', async () => {
  const stale = await signUp();
  await owner`update public.tenants set status = 'failed' where id = ${stale.tenantId}`;
  await age(stale, '8 days');

  await reap();
  expect(await lookAt(owner, stale)).toEqual({ schema: false, role: false, audit: ['success'] });
});

test('the reaper deletes a voided sign-up after 7 days, and keeps the tenant that a reset gave to its address', async () => {
  const [old, young] = [await signUpTenant(stack), await signUpTenant(stack)];
  for (const [founder, since] of [
    [old, '8 days'],
    [young, '6 days'],
  ] as const) {
    await owner`
      insert into public.sign_ups (id, email, full_name, password_hash, tenant_id, verification_id, verification_expires_at, voided_at, created_at)
      select ${randomUUID()}, ${founder.email}, 'Ada', 'a hash', ${founder.tenantId}, ${randomUUID()}, now(), now(), now() - ${since}::interval`;
  }
  await reap();
  const left = await owner<{ tenant_id: string }[]>`
    select tenant_id from public.sign_ups where voided_at is not null and tenant_id in ${owner([old.tenantId, young.tenantId])}`;
  expect(Array.from(left, (row) => row.tenant_id)).toEqual([young.tenantId]);
  expect(await lookAt(owner, await homeOf(owner, old.slug))).toMatchObject({ status: 'ready', schema: true });
});

test('the reaper erases the sealed successors of refresh tokens whose grace period is over, and no others', async () => {
  const [left, live] = [await signUpTenant(stack), await signUpTenant(stack)];
  for (const founder of [left, live]) {
    const { refreshToken } = founder.tokens();
    await createClient({ url: stack.url }).auth.refresh.mutate({ refreshToken });
  }
  const successors = async (userId: string, usedAt: string) => {
    await owner`
      update public.refresh_tokens r set used_at = now() + ${usedAt}::interval from public.sessions s
      where s.id = r.session_id and s.user_id = ${userId} and used_at is not null`;
    return async () =>
      await owner`
        select from public.refresh_tokens r join public.sessions s on s.id = r.session_id
        where s.user_id = ${userId} and r.successor is not null`;
  };
  const [ofLeft, ofLive] = [await successors(left.userId, '-11 seconds'), await successors(live.userId, '1 hour')];
  await reap();
  expect([(await ofLeft()).length, (await ofLive()).length]).toEqual([0, 1]);
});

test('the reaper keeps the tenant of a sign-up whose verification commits while the reaper waits', async () => {
  const late = await signUp();
  await age(late, '8 days');
  const userId = randomUUID();
  await meet(stack, {
    // The same lock as admitSignUp takes, in a verification that began in time.
    lock: async (tx) => {
      await tx`
        insert into public.users (id, email, full_name, password_hash)
        select ${userId}, email, full_name, password_hash from public.sign_ups where tenant_id = ${late.tenantId}`;
      await tx`
        insert into public.user_tenant_membership (user_id, tenant_id, role) values (${userId}, ${late.tenantId}, 'admin')`;
      await tx`update public.sign_ups set verified_at = now() where tenant_id = ${late.tenantId}`;
    },
    calls: reap,
  });
  expect(await lookAt(owner, late)).toMatchObject({ status: 'ready', schema: true, role: true });
});

test('a tenant that cannot be removed does not keep others from being removed, whatever their roles own', async () => {
  await using admin = connect(superuserUrl(stack, stack.databaseUrl));
  const [stuck, ...others] = await Promise.all([signUp(), signUp(), signUp()]);
  await using pinned = await pinRole(admin.sql, stuck);
  for (const other of others) await ownSomething(admin.sql, other);
  for (const home of [stuck, ...others]) await age(home, '8 days');
  const request = randomUUID();
  await owner`
    insert into public.mail_requests (id, kind, email, expires_at)
    values (${request}, 'verify-email', 'nobody@example.com', now() - interval '1 minute')`;

  const workflow = await bench.start('reapSignUps', `reap-${randomUUID()}`);
  for (const other of others) {
    await waitFor('the others to be removed', async () => !('status' in (await lookAt(owner, other))));
    expect(await lookAt(owner, other)).toMatchObject({ schema: false, role: false });
  }
  await waitFor('the request to be removed', async () => {
    const rows = await owner`select from public.mail_requests where id = ${request}`;
    return rows.length === 0;
  });
  expect(await lookAt(owner, stuck)).toMatchObject({ status: 'ready', schema: true, role: true });
  // The batch counts as failed and is retried, after the obstacle is gone.
  await pinned.release();
  await workflow.result();
  expect(await lookAt(owner, stuck)).toMatchObject({ schema: false, role: false });
});

/** Registers without verifying, and waits until the tenant is ready. */
async function signUp(): Promise<TenantHome & { slug: string; email: string }> {
  const input = freshSignUp();
  await createClient({ url: stack.url }).auth.register.mutate(input);
  const home = await homeOf(owner, input.tenantSlug);
  await waitFor(`tenant ${home.slug} to be ready`, async () => (await lookAt(owner, home)).status === 'ready');
  return { ...home, email: input.email };
}

async function age({ tenantId }: TenantHome, by: string): Promise<void> {
  await owner`
    update public.sign_ups set created_at = now() - ${by}::interval where tenant_id = ${tenantId}`;
}

async function reap(): Promise<void> {
  const workflow = await bench.start('reapSignUps', `reap-${randomUUID()}`);
  await workflow.result();
}
