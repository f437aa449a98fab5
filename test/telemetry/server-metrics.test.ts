import { beforeAll, expect, inject, test } from 'vitest';
import { createPasswords } from '../../core/auth/passwords.ts';
import { connect } from '../support/database.ts';
import { startOwnServer } from '../support/own-server.ts';
import { signUpTenant, freshEmail, freshSlug, logIn, PASSWORD, type Founder } from '../support/people.ts';
import { rest, trpc } from '../support/rest.ts';
import { waitFor } from '../support/wait.ts';
import { watchApp, type WatchedApp } from './app.ts';
import { parseMetrics, readMetrics } from './metrics.ts';

const place = inject('stack');
let founder: Founder;

beforeAll(async () => {
  founder = await signUpTenant(place);
});

/** Matches names that no procedure has. */
const STRANGE = /__proto__|constructor|[^A-Za-z.]/;

const credentials = () => ({ token: founder.tokens().accessToken, tenant: founder.slug });

/** @returns how much a series grew while `work` ran. Other tests call the same server, so it may be more. */
async function growth(name: string, labels: Record<string, string>, work: () => Promise<unknown>): Promise<number> {
  const before = await readMetrics(place.url);
  await work();
  const after = await readMetrics(place.url);
  return after.value(name, labels) - before.value(name, labels);
}

test('a server that drains, or has no PostgreSQL, is not ready in /health, /readyz and /metrics', async () => {
  const seen = async ({ app }: WatchedApp): Promise<number[]> => {
    const statuses = await Promise.all(
      ['/livez', '/readyz', '/health'].map(async (path) => (await app.request(path)).status),
    );
    const { value } = parseMetrics(await (await app.request('/metrics')).text());
    return [...statuses, value('atrium_ready')];
  };
  await using going = await watchApp(place);
  expect(await seen(going)).toEqual([200, 200, 200, 1]);
  going.drain();
  expect(await seen(going)).toEqual([200, 503, 503, 0]);
  await using cut = await watchApp({ ...place, databaseUrl: place.databaseUrl.replace(/:\d+\//, ':1/') });
  expect(await seen(cut)).toEqual([200, 503, 503, 0]);
});

test('a call is counted by procedure, mount and outcome, on both mounts', async () => {
  const counted = (labels: Record<string, string>, work: () => Promise<unknown>) =>
    growth('atrium_calls_total', { procedure: 'projects.get', ...labels }, work);
  const id = crypto.randomUUID();
  expect(
    await counted({ mount: 'rest', outcome: 'NOT_FOUND' }, () =>
      rest(place.url, 'GET', `/projects/${id}`, credentials()),
    ),
  ).toBeGreaterThanOrEqual(1);
  expect(
    await counted({ mount: 'trpc', outcome: 'NOT_FOUND' }, () =>
      trpc(place.url, 'query', 'projects.get', { ...credentials(), body: { id } }),
    ),
  ).toBeGreaterThanOrEqual(1);
  expect(
    await counted({ mount: 'trpc', outcome: 'VALIDATION_FAILED' }, () =>
      trpc(place.url, 'query', 'projects.get', { ...credentials(), body: { id: 'none' } }),
    ),
  ).toBeGreaterThanOrEqual(1);
});

test('each call of a batch is counted, and has its time', async () => {
  const batch = () =>
    trpc(place.url, 'query', 'tenants.get,tenants.get,tenants.get?batch=1&input=%7B%7D', credentials());
  const labels = { procedure: 'tenants.get' };
  expect(await growth('atrium_calls_total', { ...labels, outcome: 'ok' }, batch)).toBeGreaterThanOrEqual(3);
  expect(await growth('atrium_call_duration_seconds_count', labels, batch)).toBeGreaterThanOrEqual(3);
});

test('a batch whose answer is streamed is counted whole', async () => {
  const { token, tenant } = credentials();
  const headers = { authorization: `Bearer ${token}`, 'x-tenant-slug': tenant, 'trpc-accept': 'application/jsonl' };
  const batch = async () => {
    const response = await fetch(`${place.url}/trpc/users.me,tenants.get?batch=1&input=%7B%7D`, { headers });
    await response.text();
  };
  for (const procedure of ['users.me', 'tenants.get']) {
    expect(await growth('atrium_calls_total', { procedure, outcome: 'ok' }, batch)).toBeGreaterThanOrEqual(1);
  }
});

test('no caller can create a metric series: unknown procedures are counted as unknown', async () => {
  const made = `made.up${freshSlug()}`;
  const strange = async () => {
    await trpc(place.url, 'query', made);
    await trpc(place.url, 'query', `users.me,${made}?batch=1&input=%7B%7D`, credentials());
    await rest(place.url, 'GET', `/${made}`);
    await trpc(place.url, 'query', '__proto__');
    await trpc(place.url, 'query', 'constructor');
  };
  expect(
    await growth('atrium_calls_total', { procedure: 'unknown', outcome: 'NOT_FOUND' }, strange),
  ).toBeGreaterThanOrEqual(5);
  const { labels } = await readMetrics(place.url);
  for (const name of ['atrium_calls_total', 'atrium_call_duration_seconds_count']) {
    expect(labels(name, 'procedure').filter((one) => STRANGE.test(one) || one.includes(made))).toEqual([]);
  }
  expect(labels('atrium_calls_total', 'mount').toSorted()).toEqual(['rest', 'trpc']);
});

test('a query sent by POST is counted under its procedure, and a body that is not JSON under none', async () => {
  const refused = async () => {
    await trpc(place.url, 'mutation', 'users.me', { ...credentials(), body: {} });
    await fetch(`${place.url}/trpc/users.me`, { method: 'POST', body: 'x' });
  };
  expect(
    await growth('atrium_calls_total', { procedure: 'users.me', outcome: 'METHOD_NOT_SUPPORTED' }, refused),
  ).toBeGreaterThanOrEqual(1);
  expect(
    await growth('atrium_calls_total', { procedure: 'unknown', outcome: 'UNSUPPORTED_MEDIA_TYPE' }, refused),
  ).toBeGreaterThanOrEqual(1);
});

test('every answer is counted by mount and status, pages too', async () => {
  const labels = { mount: 'other', status: '404' };
  expect(
    await growth('atrium_http_requests_total', labels, () => fetch(`${place.url}/nothing`)),
  ).toBeGreaterThanOrEqual(1);
});

test('a flood of logins shows in the metric of waiting password hashes', async () => {
  const email = freshEmail();
  // One hash at a time, on any number of cores.
  await using own = await watchApp(place, { passwords: createPasswords({ width: 1 }) });
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ email, password: PASSWORD, tenantSlug: founder.slug });
  const flood = Array.from({ length: 20 }, async () =>
    own.app.request('/api/v1/auth/login', { method: 'POST', headers, body }),
  );
  const waiting = await waitFor('hashes to queue up', async () => {
    const { value } = parseMetrics(await (await own.app.request('/metrics')).text());
    const queued = value('atrium_hashes_waiting');
    return value('atrium_hashes_running') > 0 && queued > 0 && queued;
  });
  expect(waiting).toBeLessThanOrEqual(64);
  await Promise.all(flood);
});

test('a stream is counted while it is open', async () => {
  const { tenantId, slug, client } = await signUpTenant(place);
  const { accessToken } = (await logIn(place, { email: (await client.users.me.query()).email })).tokens();
  await using owner = connect(place.databaseOwnerUrl);
  // The stream of a tenant stays open until the tenant is ready.
  await owner.sql`update public.tenants set status = 'provisioning' where id = ${tenantId}`;
  // With its own server no other test has streams open.
  await using server = await startOwnServer(place, {});
  const open = async () => (await readMetrics(server.url)).value('atrium_streams_open');
  expect(await open()).toBe(0);
  const abort = new AbortController();
  const input = encodeURIComponent(JSON.stringify({ slug }));
  const response = await fetch(`${server.url}/trpc/tenants.onStatus?input=${input}`, {
    headers: { authorization: `Bearer ${accessToken}`, accept: 'text/event-stream' },
    signal: abort.signal,
  });
  expect(response.status).toBe(200);
  expect(await open()).toBe(1);
  abort.abort();
  await waitFor('the stream to be counted out', async () => (await open()) === 0);
});

test('/metrics has the metrics of the pool, the rate limiter and the process', async () => {
  const { names, value } = await readMetrics(place.url);
  for (const name of ['atrium_pool_waiting', 'atrium_pool_waits_total', 'atrium_pool_wait_seconds_total']) {
    expect(names).toContain(name);
  }
  expect(value('atrium_pool_connections_max')).toBeGreaterThan(0);
  expect(value('atrium_limiter_away')).toBe(0);
  expect(value('atrium_limiter_fallbacks_total')).toBe(0);
  expect(value('process_resident_memory_bytes')).toBeGreaterThan(1e6);
  expect(value('atrium_build_info')).toBe(1);
});
