import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { callOn, MOUNTS, type Mount, type Procedure } from '../support/mounts.ts';
import { foundPair, type Housed } from '../support/pool-tenants.ts';
import { reasonOf, type Call } from '../support/rest.ts';
import { watchApp } from '../telemetry/app.ts';
import { freshRequestId, rowsOf } from './audit-rows.ts';

// Each refusal leaves an audit row before the answer, in the log of the token's tenant.
const stack = inject('stack');
const owner = connect(stack.databaseOwnerUrl);
const ID = '0190f7c2-0000-7000-8000-000000000000';
let ada: Housed;
let ben: Housed;
let grace: { userId: string; token: string };

beforeAll(async () => {
  [ada, ben] = await foundPair(stack);
  const { userId, tokens } = await addMember(stack, ada);
  grace = { userId, token: tokens().accessToken };
});
afterAll(() => owner[Symbol.asyncDispose]());

async function call(mount: Mount, procedure: Procedure, { headers, ...more }: Call) {
  const id = freshRequestId();
  const answer = await callOn(mount, stack.url, procedure, { ...more, headers: { ...headers, 'x-request-id': id } });
  // Read at once: the row must exist before the answer is sent.
  return { reason: reasonOf(answer), rows: await rowsOf(owner.sql, id) };
}

test.each(MOUNTS)("a refusal for too low a role is written to the tenant's log (%s)", async (mount) => {
  const { reason, rows } = await call(mount, 'projects.delete', {
    token: grace.token,
    tenant: ada.slug,
    body: { id: ID },
  });
  expect(reason).toBe('FORBIDDEN');
  expect(rows).toEqual([
    expect.objectContaining({
      action: 'project.delete',
      outcome: 'denied',
      tenant_id: ada.tenantId,
      actor_type: 'user',
      actor_id: grace.userId,
      changes: {},
    }),
  ]);
});

test('a refusal whose audit row cannot be written is answered all the same, and the lost row is logged', async () => {
  await using watched = await watchApp(stack);
  const id = freshRequestId('unwritable');
  // This check refuses only the row of this request. NOT VALID skips the existing rows.
  await owner.sql.unsafe(
    `alter table public.audit_logs add constraint "${id}" check (request_id is distinct from '${id}') not valid`,
  );
  try {
    const answer = await watched.app.request(`/api/v1/projects/${ID}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${grace.token}`, 'x-tenant-slug': ada.slug, 'x-request-id': id },
    });
    expect(answer.status).toBe(403);
  } finally {
    await owner.sql.unsafe(`alter table public.audit_logs drop constraint "${id}"`);
  }
  expect(await rowsOf(owner.sql, id)).toEqual([]);
  expect(watched.lines.filter((line) => line.includes('audit row lost') && line.includes(id))).toHaveLength(1);
});

test.each(MOUNTS)(
  "a call that names another tenant is written to the log of the token's tenant, reads as well as writes (%s)",
  async (mount) => {
    for (const slug of [ben.slug, 'no-such-tenant', 'a";drop']) {
      for (const [procedure, action] of [
        ['projects.get', 'project.read'],
        ['projects.delete', 'project.delete'],
      ] as const) {
        const { reason, rows } = await call(mount, procedure, {
          token: ada.tokens().accessToken,
          tenant: slug,
          body: { id: ID },
        });
        expect(reason).toBe('TENANT_MISMATCH');
        expect(rows).toEqual([
          expect.objectContaining({ action, outcome: 'denied', tenant_id: ada.tenantId, actor_id: ada.userId }),
        ]);
      }
    }
  },
);

test.each(MOUNTS)(
  'a call by a removed member is written to the log of the tenant that their token is for (%s)',
  async (mount) => {
    const { userId, tokens } = await addMember(stack, ben);
    await owner.sql`delete from public.user_tenant_membership where user_id = ${userId}`;
    const { reason, rows } = await call(mount, 'projects.list', {
      token: tokens().accessToken,
      tenant: ben.slug,
      body: {},
    });
    expect(reason).toBe('TENANT_NOT_FOUND');
    expect(rows).toEqual([expect.objectContaining({ outcome: 'denied', tenant_id: ben.tenantId, actor_id: userId })]);
  },
);

test.each(MOUNTS)(
  'a call by a token whose session has ended is written to the log of its tenant (%s)',
  async (mount) => {
    const { userId, client, tokens } = await addMember(stack, ben);
    const { accessToken } = tokens();
    await client.auth.logout.mutate();
    const { reason, rows } = await call(mount, 'projects.list', { token: accessToken, tenant: ben.slug, body: {} });
    expect(reason).toBe('UNAUTHENTICATED');
    expect(rows).toEqual([expect.objectContaining({ outcome: 'denied', tenant_id: ben.tenantId, actor_id: userId })]);
  },
);

test.each(MOUNTS)('a call of an operator procedure by anyone else is written to the audit log (%s)', async (mount) => {
  const { reason, rows } = await call(mount, 'admin.retryProvisioning', {
    token: ada.tokens().accessToken,
    body: { slug: ben.slug },
  });
  expect(reason).toBe('FORBIDDEN');
  expect(rows).toEqual([expect.objectContaining({ outcome: 'denied', tenant_id: ada.tenantId, actor_id: ada.userId })]);
});

test.each(MOUNTS)("a failed login is written to the platform's log, without the password (%s)", async (mount) => {
  const { reason, rows } = await call(mount, 'auth.login', {
    body: { email: ada.email, password: 'wrong-and-telling' },
  });
  expect(reason).toBe('INVALID_CREDENTIALS');
  expect(rows).toEqual([expect.objectContaining({ action: 'user.login', outcome: 'failure', tenant_id: null })]);
  expect(JSON.stringify(rows)).not.toContain('telling');
});

test.each(MOUNTS)('a malformed call, or one that proves no identity, leaves no audit row (%s)', async (mount) => {
  const token = ada.tokens().accessToken;
  const project = { token, tenant: ada.slug };
  for (const [reason, procedure, sent] of [
    ['VALIDATION_FAILED', 'projects.create', { ...project, body: { name: '' } }],
    ['VALIDATION_FAILED', 'projects.create', { ...project, body: '{"name"' }],
    ['VALIDATION_FAILED', 'projects.get', { ...project, body: { id: 'no-uuid' } }],
    ['TENANT_REQUIRED', 'projects.create', { token, body: { name: 'Apollo' } }],
    ['UNAUTHENTICATED', 'projects.create', { tenant: ada.slug, body: { name: 'Apollo' } }],
    ['UNAUTHENTICATED', 'projects.create', { ...project, token: 'garbage', body: { name: 'Apollo' } }],
    ['UNAUTHENTICATED', 'projects.create', { ...project, token: `${token}x`, body: { name: 'Apollo' } }],
    ['UNAUTHENTICATED', 'users.me', {}],
    ['VALIDATION_FAILED', 'auth.login', { body: { email: 'no-address', password: 'x' } }],
    ['UNAUTHENTICATED', 'auth.refresh', { body: { refreshToken: 'garbage' } }],
    ['NOT_FOUND', 'projects.get', { ...project, body: { id: ID } }],
  ] as const) {
    const told = await call(mount, procedure, sent);
    expect([procedure, told]).toEqual([procedure, { reason, rows: [] }]);
  }
});
