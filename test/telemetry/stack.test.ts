import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { mintApiKey } from '../../core/auth/api-key.ts';
import { v7 as uuidv7 } from 'uuid';
import { connect, superuserUrl } from '../support/database.ts';
import { signUpTenant, PASSWORD, type Founder } from '../support/people.ts';
import { rest } from '../support/rest.ts';
import { freshSignUp } from '../support/sign-ups.ts';
import { waitFor } from '../support/wait.ts';
import { homeOf, lookAt } from '../support/workflow-homes.ts';
import { pinRole } from '../support/workflow-owned.ts';
import type { ToldSpan } from './collector.ts';
import { readMetrics } from './metrics.ts';
import { lineage, named, traceWith } from './spans.ts';
import { triggerReaping } from './trigger-reaping.ts';
import { startWatchedStack } from './watched-stack.ts';

const { stack, collector, workerUrl, metricsToken, remove } = await startWatchedStack(inject('stack'));
let founder: Founder;

beforeAll(async () => {
  founder = await signUpTenant(stack);
});
afterAll(remove);

// Spans are exported every five seconds. The tests run concurrently to wait only once.
test.concurrent('one trace leads from a request through transaction and outbox into each activity', async () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const spanId = '00f067aa0ba902b7';
  const answer = await rest(stack.url, 'POST', '/auth/register', {
    headers: { traceparent: `00-${traceId}-${spanId}-01` },
    body: { ...freshSignUp() },
  });
  expect(answer.status).toBe(202);

  const spans = await traceWith(collector, traceId, 'auth.register', 'activity openTenant', 'activity send');
  const above = ['transaction', 'auth.register', 'POST rest'];
  const opening = lineage(spans, named(spans, 'activity openTenant'));
  expect(opening).toEqual(['activity openTenant', 'relay tenant.provision', ...above]);
  expect(lineage(spans, named(spans, 'activity send'))).toEqual(['activity send', 'relay email.send', ...above]);
  const server = spans.find(({ name }) => name === 'POST rest');
  expect(server).toMatchObject({ parentSpanId: spanId, service: 'atrium-server' });
  expect(server?.attributes).toMatchObject({ 'url.path': '/api/v1/auth/register', 'http.response.status_code': 202 });
  expect(spans.find(({ name }) => name === 'activity send')).toMatchObject({ service: 'atrium-worker' });
});

test.concurrent('the mails of a resent verification are in the trace of the request that asked for them', async () => {
  const signUp = freshSignUp();
  expect((await rest(stack.url, 'POST', '/auth/register', { body: { ...signUp } })).status).toBe(202);
  const traceId = 'f'.repeat(32);
  const answer = await rest(stack.url, 'POST', '/auth/resend-verification', {
    headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
    body: { email: signUp.email },
  });
  expect(answer.status).toBe(202);

  // The first `send` renews the links and queues a mail for each sign-up. The second sends the mail.
  const isSend = ({ name }: ToldSpan): boolean => name === 'activity send';
  const spans = await waitFor('the spans of both, and of their cause', () => {
    const told = collector.spans.filter((span) => span.traceId === traceId);
    return told.filter(isSend).length === 2 && named(told, 'POST rest') && told;
  });
  const above = ['relay email.send', 'transaction', 'auth.resendVerification', 'POST rest'];
  const lineages = spans.filter(isSend).map((span) => lineage(spans, span));
  lineages.sort((one, other) => one.length - other.length);
  expect(lineages).toEqual([
    ['activity send', ...above],
    ['activity send', 'relay email.send', 'activity send', ...above],
  ]);
});

test.concurrent('a span names its caller, and no span holds an address, a password or a token', async () => {
  const { accessToken } = founder.tokens();
  const traceId = 'd'.repeat(32);
  await rest(stack.url, 'GET', '/projects', {
    token: accessToken,
    tenant: founder.slug,
    headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
  });
  const span = (await traceWith(collector, traceId, 'projects.list')).find(({ name }) => name === 'projects.list');
  expect(span?.attributes).toMatchObject({ 'atrium.tenantId': founder.tenantId, 'atrium.userId': founder.userId });
  const walked = 'e'.repeat(32);
  const { key } = mintApiKey();
  await fetch(`${stack.url}/${key}/verify-email%3Ftoken=canary-in-a-path`, {
    headers: { traceparent: `00-${walked}-00f067aa0ba902b7-01` },
  });
  await traceWith(collector, walked, 'GET other');
  const all = collector.received.join('\n');
  expect(all).toContain('verify-email');
  for (const secret of ['canary-in-a-path', key, founder.email, PASSWORD, accessToken, 'argon2'])
    expect(all).not.toContain(secret);
});

test('the worker logs each activity, with workflow, run, tenant and trace', async () => {
  const line = await waitFor('the line of openTenant', () =>
    stack.lines.find((text) => text.includes('"openTenant"') && text.includes(founder.tenantId)),
  );
  expect(line).toContain(`"workflowId":"provision-${founder.tenantId}"`);
  expect(line).toMatch(/"runId":"[0-9a-f-]{36}"/);
  expect(line).toMatch(/"traceId":"[0-9a-f]{32}"/);
  expect(line).toContain('"outcome":"ok"');
});

test("the worker's metrics need METRICS_TOKEN, and its port serves nothing else", async () => {
  expect((await fetch(`${workerUrl}/metrics`)).status).toBe(401);
  expect((await fetch(`${stack.url}/metrics`)).status).toBe(401);
  expect((await fetch(workerUrl)).status).toBe(404);
  for (const url of [workerUrl, stack.url])
    expect((await readMetrics(url, metricsToken)).value('atrium_build_info')).toBe(1);
});

test("the worker's metrics count activities and provisionings, and show its task slots", async () => {
  const { value, labels } = await readMetrics(workerUrl, metricsToken);
  expect(value('atrium_activities_total', { activity: 'openTenant', outcome: 'ok' })).toBeGreaterThanOrEqual(1);
  expect(value('atrium_provisioning_duration_seconds_count', { outcome: 'ready' })).toBeGreaterThanOrEqual(1);
  const seconds = value('atrium_provisioning_duration_seconds_sum', { outcome: 'ready' });
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThan(60);
  for (const task of ['workflow', 'activity', 'local_activity']) {
    expect(value('atrium_task_slots', { task })).toBeGreaterThan(0);
    expect(labels('atrium_task_slots_taken', 'task')).toContain(task);
    expect(value('atrium_task_slots_taken', { task })).toBeLessThanOrEqual(value('atrium_task_slots', { task }));
  }
});

test('outbox rows that wait are shown with their age, those of unknown kinds or set aside separately', async () => {
  await using owner = connect(stack.databaseOwnerUrl);
  const [waiting, unknown, aside] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
  await owner.sql`
    insert into public.outbox (id, kind, payload, created_at, next_attempt_at, set_aside_at)
    values (${waiting}, 'email.send', '{}', now() - interval '90 seconds', now() + interval '1 hour', null),
      (${unknown}, 'kind.of_tomorrow', '{}', now() - interval '1 day', default, null),
      (${aside}, 'email.send', '{}', now() - interval '1 day', default, now())`;
  const lag = await waitFor('the rows to show', async () => {
    const { value } = await readMetrics(workerUrl, metricsToken);
    const apart = value('atrium_outbox_set_aside') === 1 && value('atrium_outbox_unknown_kind') === 1;
    return apart && value('atrium_outbox_rows') === 1 && value('atrium_outbox_lag_seconds');
  });
  expect(lag).toBeGreaterThanOrEqual(90);
  expect(lag).toBeLessThan(3600);
  await owner.sql`delete from public.outbox where id in ${owner.sql([waiting, unknown, aside])}`;
  await waitFor('them to be gone', async () => {
    const { value } = await readMetrics(workerUrl, metricsToken);
    return value('atrium_outbox_rows') === 0 && value('atrium_outbox_lag_seconds') === 0;
  });
});

test('audit rows that are not sealed show in the metrics with their age', async () => {
  await using owner = connect(stack.databaseOwnerUrl);
  await using other = connect(stack.databaseOwnerUrl);
  await owner.sql.begin(async (hold) => {
    // This lock blocks new seals.
    await hold`lock table public.audit_seals in share mode`;
    await other.sql`
      insert into public.audit_logs (id, action, entity_type, actor_type, outcome, created_at)
      values (${uuidv7()}, 'test.wait', 'test', 'system', 'success', now() - interval '90 seconds')`;
    const age = await waitFor('the row to show', async () => {
      const { value } = await readMetrics(workerUrl, metricsToken);
      // Rows of other tests may wait for a moment too.
      const seconds = value('atrium_audit_unsealed_seconds');
      return value('atrium_audit_unsealed_rows') > 0 && seconds >= 90 && seconds;
    });
    expect(age).toBeLessThan(120);
  });
  await waitFor('it to be sealed', async () => {
    const { value } = await readMetrics(workerUrl, metricsToken);
    return value('atrium_audit_unsealed_rows') === 0;
  });
});

test('a tenant that cannot be reaped is logged by its id, and counted', async () => {
  await using admin = connect(superuserUrl(stack, stack.databaseUrl));
  const input = freshSignUp();
  expect((await rest(stack.url, 'POST', '/auth/register', { body: { ...input } })).status).toBe(202);
  const home = await homeOf(admin.sql, input.tenantSlug);
  await waitFor('the tenant to be ready', async () => (await lookAt(admin.sql, home)).status === 'ready');
  await admin.sql`update public.sign_ups set created_at = now() - interval '8 days' where tenant_id = ${home.tenantId}`;
  await using _pinned = await pinRole(admin.sql, home);
  await triggerReaping(stack);
  const line = await waitFor('its line', () =>
    stack.lines.find((text) => text.includes('one of a batch failed') && text.includes(home.tenantId)),
  );
  expect(line).toContain('"batch":"reap"');
  const { value } = await readMetrics(workerUrl, metricsToken);
  expect(value('atrium_batch_failures_total', { batch: 'reap' })).toBeGreaterThanOrEqual(1);
});

test('a provisioning that fails for good is counted as failed', async () => {
  await using owner = connect(stack.databaseOwnerUrl);
  const failed = async () =>
    (await readMetrics(workerUrl, metricsToken)).value('atrium_provisioning_duration_seconds_count', {
      outcome: 'failed',
    });
  expect(await failed()).toBe(0);
  // A foreign schema with that name makes the provisioning fail.
  const signUp = freshSignUp();
  await owner.sql`create schema ${owner.sql(`tenant_${signUp.tenantSlug.replaceAll('-', '_')}`)}`;
  await rest(stack.url, 'POST', '/auth/register', { body: { ...signUp } });
  await waitFor('the failure to be counted', async () => (await failed()) === 1);
});
