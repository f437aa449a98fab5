import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { aNumber, aUuidV7, matching } from '../support/matchers.ts';
import { connect } from '../support/database.ts';
import { signUpTenant, logIn, PASSWORD, type Founder } from '../support/people.ts';
import { at } from '../support/rest.ts';
import { watchApp } from './app.ts';
import { parseMetrics } from './metrics.ts';

const place = inject('stack');
const watched = await watchApp(place);
let founder: Founder;

beforeAll(async () => {
  founder = await signUpTenant(place);
});
afterAll(async () => {
  await watched[Symbol.asyncDispose]();
});

const TRACE_ID = /^[0-9a-f]{32}$/;

function bearer(token = founder.tokens().accessToken): Record<string, string> {
  return { authorization: `Bearer ${token}`, 'x-tenant-slug': founder.slug };
}

/** Makes a request and reads the answer to its end. @returns its log line */
async function lineFor(path: string, init: RequestInit = {}): Promise<object> {
  const response = await watched.app.request(path, init);
  await response.text();
  return watched.lineOf(response.headers.get('x-request-id') ?? '');
}

test('a call has one log line with caller, procedure, mount, duration and outcome', async () => {
  const line = await lineFor('/api/v1/projects?limit=5', { headers: bearer() });
  expect(line).toMatchObject({
    name: 'test',
    level: 30,
    requestId: aUuidV7,
    traceId: matching(TRACE_ID),
    method: 'GET',
    path: '/api/v1/projects',
    status: 200,
    ms: aNumber,
    procedure: 'projects.list',
    outcome: 'ok',
    tenantId: founder.tenantId,
    userId: founder.userId,
  });
});

test('a refusal has its reason as outcome in the log line, and the caller', async () => {
  const missing = await lineFor(
    `/trpc/projects.get?input=${encodeURIComponent(JSON.stringify({ id: crypto.randomUUID() }))}`,
    {
      headers: bearer(),
    },
  );
  expect(missing).toMatchObject({
    status: 404,
    outcome: 'NOT_FOUND',
    procedure: 'projects.get',
    userId: founder.userId,
  });
  const foreign = await lineFor('/trpc/tenants.get', { headers: { ...bearer(), 'x-tenant-slug': 'another' } });
  expect(foreign).toMatchObject({ status: 403, outcome: 'TENANT_MISMATCH', tenantId: founder.tenantId });
  const nobody = await lineFor('/api/v1/users/me');
  expect(nobody).toMatchObject({ status: 401, outcome: 'UNAUTHENTICATED', procedure: 'users.me' });
  expect(nobody).not.toHaveProperty('userId');
});

test('a login has its user in the log line', async () => {
  const line = await lineFor('/api/v1/auth/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: founder.email, password: PASSWORD, tenantSlug: founder.slug }),
  });
  expect(line).toMatchObject({ outcome: 'ok', userId: founder.userId, tenantId: founder.tenantId });
});

test("a call by an API key has the key's id in the log line, and no part of the key", async () => {
  const { id, key } = await founder.client.apiKeys.create.mutate({
    name: 'Reader',
    role: 'member',
    expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
  });
  const line = await lineFor('/api/v1/projects', { headers: bearer(key) });
  expect(line).toMatchObject({ outcome: 'ok', keyId: id, tenantId: founder.tenantId });
  expect(watched.lines.join('')).not.toContain(key);
});

test('a batch has one log line with its caller and a list of its calls', async () => {
  const line = await lineFor('/trpc/users.me,projects.get?batch=1&input=%7B%7D', { headers: bearer() });
  expect(line).toMatchObject({ status: 207, outcome: 'VALIDATION_FAILED', userId: founder.userId });
  expect(at(line, 'calls')).toHaveLength(2);
  expect(at(line, 'calls')).toEqual(
    expect.arrayContaining([
      { procedure: 'users.me', outcome: 'ok', ms: aNumber },
      { procedure: 'projects.get', outcome: 'VALIDATION_FAILED', ms: aNumber },
    ]),
  );
});

test('a streamed batch has its log line when it ends, with all its calls', async () => {
  const line = await lineFor('/trpc/users.me,tenants.get?batch=1&input=%7B%7D', {
    headers: { ...bearer(), 'trpc-accept': 'application/jsonl' },
  });
  expect(at(line, 'calls')).toHaveLength(2);
  expect(line).toMatchObject({ outcome: 'ok', userId: founder.userId });
});

test('a stream has its log line when it ends, or when its client leaves', async () => {
  const input = encodeURIComponent(JSON.stringify({ slug: founder.slug }));
  const headers = { ...bearer(), accept: 'text/event-stream' };
  const path = `/trpc/tenants.onStatus?input=${input}`;
  expect(await lineFor(path, { headers })).toMatchObject({ procedure: 'tenants.onStatus', outcome: 'ok', status: 200 });

  const cut = await watched.app.request(path, { headers });
  const id = cut.headers.get('x-request-id') ?? '';
  expect(() => watched.lineOf(id)).toThrow('0 lines');
  await cut.body?.cancel();
  expect(watched.lineOf(id)).toMatchObject({ procedure: 'tenants.onStatus' });
});

test('a stream that the server ended has the reason in its log line, and in the metrics', async () => {
  await using going = await watchApp(place);
  await using owner = connect(place.databaseOwnerUrl);
  const other = await signUpTenant(place);
  await owner.sql`update public.tenants set status = 'provisioning' where id = ${other.tenantId}`;
  const input = encodeURIComponent(JSON.stringify({ slug: other.slug }));
  const response = await going.app.request(`/trpc/tenants.onStatus?input=${input}`, {
    headers: { authorization: `Bearer ${other.tokens().accessToken}`, accept: 'text/event-stream' },
  });
  going.drain();
  await response.text();
  const line = going.lineOf(response.headers.get('x-request-id') ?? '');
  expect(line).toMatchObject({ procedure: 'tenants.onStatus', status: 200, outcome: 'SHUTTING_DOWN' });
  const { value } = parseMetrics(await (await going.app.request('/metrics')).text());
  expect(value('atrium_calls_total', { procedure: 'tenants.onStatus', outcome: 'SHUTTING_DOWN' })).toBe(1);
  expect(value('atrium_calls_total', { procedure: 'tenants.onStatus', outcome: 'ok' })).toBe(0);
});

test('a call under an assumed identity has operator and user in the log line', async () => {
  const operator = await logIn(place, place.superuser);
  const { accessToken } = await operator.client.admin.assumeIdentity.mutate({
    ...{ userId: founder.userId, tenantSlug: founder.slug, reason: 'Looks who stands in the line' },
  });
  const line = await lineFor('/api/v1/projects', { headers: bearer(accessToken) });
  expect(line).toMatchObject({
    userId: founder.userId,
    operatorId: operator.login.user.id,
    tenantId: founder.tenantId,
  });
});

test('a request that reaches no procedure has a log line too', async () => {
  expect(await lineFor('/nothing')).toMatchObject({ status: 404, outcome: 'NOT_FOUND' });
  expect(await lineFor('/trpc/nothing.at-all')).toMatchObject({ outcome: 'NOT_FOUND', procedure: 'unknown' });
  expect(await lineFor('/trpc/users.me', { method: 'POST', body: 'x' })).toMatchObject({
    status: 415,
    outcome: 'UNSUPPORTED_MEDIA_TYPE',
  });
});

test('probes and scrapes leave no log line', async () => {
  const before = watched.lines.length;
  for (const path of ['/livez', '/readyz', '/metrics']) await watched.app.request(path);
  expect(watched.lines).toHaveLength(before);
});

test('the query of a URL is never logged', async () => {
  await lineFor('/verify-email?token=canary-in-a-query');
  await lineFor('/api/v1/auth/verify-email/preview?token=canary-in-a-query');
  await lineFor('/api/v1/invites/preview?token=canary-in-a-query');
  expect(watched.lines.join('')).not.toContain('canary-in-a-query');
});

test('a path with line breaks and escapes stays on one log line, and a long one is truncated', async () => {
  const line = await lineFor('/nothing%0d%0a%7B%22level%22:30%7D%1b[2J');
  expect(watched.lines.every((text) => text.indexOf('\n') === text.length - 1)).toBe(true);
  expect(watched.lines.join('')).not.toContain('\u001b');
  expect(String(at(line, 'path'))).toMatch(/^\/nothing/);
  expect(String(at(await lineFor(`/${'x'.repeat(5000)}`), 'path'))).toHaveLength(300);
});

test('a log line has the trace of the caller, or a new one if that is ill-formed', async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const traced = (traceparent: string) => lineFor('/nothing', { headers: { traceparent } });
  expect(await traced(`00-${traceId}-b7ad6b7169203331-01`)).toMatchObject({ traceId });
  for (const bad of [`00-${traceId}-0000000000000000-01`, `ff-${traceId}-b7ad6b7169203331-01`, 'x'.repeat(55)]) {
    const line = await traced(bad);
    expect(line).toMatchObject({ traceId: matching(TRACE_ID) });
    expect(line).not.toMatchObject({ traceId });
  }
});
