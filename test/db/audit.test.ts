import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { restProcedures } from '../../src/rest/mount.ts';
import { connect } from '../support/database.ts';
import { expectGuarded } from '../support/guards.ts';
import { nextMail, tokenIn } from '../support/mail.ts';
import { aString } from '../support/matchers.ts';
import { freshEmail, freshSlug, signUpTenant, PASSWORD, type Founder } from '../support/people.ts';
import { at, rest, type Answer, type Call } from '../support/rest.ts';
import { freshRequestId, rowsOf } from './audit-rows.ts';

// Each change leaves one audit row in its own transaction. A rolled back change leaves only the row of its failure.
const stack = inject('stack');
const owner = connect(stack.databaseOwnerUrl);
const AGENT = 'audit-test/1.0';
let ada: Founder;

beforeAll(async () => {
  ada = await signUpTenant(stack);
});
afterAll(() => owner[Symbol.asyncDispose]());

async function call(method: string, path: string, { body, ...more }: Call = {}): Promise<Answer & { id: string }> {
  const id = freshRequestId();
  const headers = { 'x-request-id': id, 'user-agent': AGENT };
  const answer = await rest(stack.url, method, path, { ...more, headers, ...(body !== undefined && { body }) });
  return { ...answer, id };
}
const asAda = (method: string, path: string, body?: unknown) =>
  call(method, path, { token: ada.tokens().accessToken, tenant: ada.slug, body });

const anything: unknown = expect.any(Object);
const common = { operator_id: null, ip_address: '127.0.0.1', user_agent: AGENT, outcome: 'success' };

test('every mutation has an audit action of the form noun.verb', () => {
  const mutations = restProcedures().filter(({ type }) => type === 'mutation');
  expect(mutations.length).toBeGreaterThan(8);
  for (const { path, meta } of mutations) {
    expect([path, meta.audit?.action]).toEqual([path, expect.stringMatching(/^[a-z_]+\.[a-z_]+$/)]);
  }
});

test('creating, updating and deleting a project each leave one audit row with the changes', async () => {
  const byAda = {
    ...common,
    tenant_id: ada.tenantId,
    actor_type: 'user',
    actor_id: ada.userId,
    entity_type: 'project',
  };
  const made = await asAda('POST', '/projects', { name: 'Apollo', description: 'To the moon' });
  const entity_id = at(made.body, 'id');
  expect(made.status).toBe(201);
  expect(await rowsOf(owner.sql, made.id)).toEqual([
    {
      ...byAda,
      entity_id,
      request_id: made.id,
      action: 'project.create',
      changes: { name: [null, 'Apollo'], description: [null, 'To the moon'] },
    },
  ]);
  const path = `/projects/${String(entity_id)}`;
  const changed = await asAda('PATCH', path, { name: 'Artemis' });
  expect(await rowsOf(owner.sql, changed.id)).toEqual([
    { ...byAda, entity_id, request_id: changed.id, action: 'project.update', changes: { name: ['Apollo', 'Artemis'] } },
  ]);
  const deleted = await asAda('DELETE', path);
  expect(await rowsOf(owner.sql, deleted.id)).toEqual([
    {
      ...byAda,
      entity_id,
      request_id: deleted.id,
      action: 'project.delete',
      changes: { name: ['Artemis', null], description: ['To the moon', null] },
    },
  ]);
});

test('signing up, verifying, logging in, refreshing and logging out each leave one audit row', async () => {
  const email = freshEmail();
  const slug = freshSlug();
  const register = await call('POST', '/auth/register', {
    body: { email, password: PASSWORD, fullName: 'Ada Lovelace', tenantName: 'Acme', tenantSlug: slug },
  });
  const [tenant] = await owner.sql<{ id: string }[]>`select id from public.tenants where slug = ${slug}`;
  const tenant_id = tenant?.id;
  const resend = await call('POST', '/auth/resend-verification', { body: { email } });
  const token = tokenIn(await nextMail(stack.mailDir, email, 2));
  const verify = await call('POST', '/auth/verify-email', { body: { token } });
  const login = await call('POST', '/auth/login', { body: { email, password: PASSWORD, tenantSlug: slug } });
  const user_id = at(login.body, 'user', 'id');
  const refresh = await call('POST', '/auth/refresh', { body: { refreshToken: at(login.body, 'refreshToken') } });
  const accessToken = String(at(refresh.body, 'accessToken'));
  const create = await call('POST', '/tenants', { token: accessToken, body: { name: 'Second', slug: freshSlug() } });
  const logout = await call('POST', '/auth/logout', { token: accessToken });

  const anonymous = { ...common, actor_type: 'anonymous', actor_id: null, tenant_id: null, entity_id: null };
  const byUser = { ...common, actor_type: 'user', actor_id: user_id, tenant_id };
  for (const [{ id, status }, row] of [
    [register, { ...anonymous, action: 'user.register', entity_type: 'tenant', entity_id: tenant_id }],
    [resend, { ...anonymous, action: 'user.resend_verification', entity_type: 'user' }],
    [verify, { ...byUser, action: 'user.verify_email', entity_type: 'user', entity_id: user_id, tenant_id: null }],
    [login, { ...byUser, action: 'user.login', entity_type: 'user', entity_id: user_id }],
    [refresh, { ...byUser, action: 'session.refresh', entity_type: 'session', entity_id: aString }],
    [create, { ...byUser, action: 'tenant.create', entity_type: 'tenant', entity_id: aString, tenant_id: null }],
    [logout, { ...byUser, action: 'user.logout', entity_type: 'session', entity_id: aString }],
  ] as const) {
    expect(status).toBeLessThan(300);
    expect(await rowsOf(owner.sql, id)).toEqual([{ ...row, request_id: id, changes: anything }]);
  }
});

test('no audit row holds a password, a token or the hash of a token', async () => {
  const [row] = await owner.sql`
    select count(*)::int as found from public.audit_logs
    where (to_jsonb(audit_logs) - 'action')::text ~* 'argon2|password|bearer|quiet-otter'
      -- A JWT. The letters that it begins with may stand in the prefix of an API key, too.
      or to_jsonb(audit_logs)::text ~ 'eyJ[A-Za-z0-9_-]{10}'`;
  expect(row).toEqual({ found: 0 });
});

test('a mutation that is rolled back leaves an audit row of failure and none of success', async () => {
  await asAda('POST', '/projects', { name: 'Taken' });
  const again = await asAda('POST', '/projects', { name: 'Taken' });
  expect(again.status).toBe(409);
  expect(await rowsOf(owner.sql, again.id)).toEqual([
    {
      ...common,
      tenant_id: ada.tenantId,
      actor_type: 'user',
      actor_id: ada.userId,
      action: 'project.create',
      entity_type: 'project',
      entity_id: null,
      request_id: again.id,
      outcome: 'failure',
      changes: {},
    },
  ]);
});

test('a change whose audit row cannot be written is rolled back', async () => {
  const id = freshRequestId('unwritable');
  // This check refuses only the row of this request. NOT VALID skips the existing rows.
  await owner.sql.unsafe(
    `alter table public.audit_logs add constraint "${id}" check (request_id is distinct from '${id}') not valid`,
  );
  try {
    const answer = await rest(stack.url, 'POST', '/projects', {
      token: ada.tokens().accessToken,
      tenant: ada.slug,
      body: { name: 'Unwritten' },
      headers: { 'x-request-id': id },
    });
    expect([answer.status, at(answer.body, 'reason')]).toEqual([500, 'INTERNAL']);
    expect(JSON.stringify(answer.body)).not.toMatch(/audit_logs|constraint|insert/i);
    expectGuarded(answer);
  } finally {
    await owner.sql.unsafe(`alter table public.audit_logs drop constraint "${id}"`);
  }
  const names = at((await asAda('GET', '/projects')).body, 'items');
  expect(JSON.stringify(names)).not.toContain('Unwritten');
  expect(await rowsOf(owner.sql, id)).toEqual([]);
});
