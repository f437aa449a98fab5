import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startOwnServer } from '../support/own-server.ts';
import { signUpTenant, type Founder } from '../support/people.ts';
import { rest } from '../support/rest.ts';
import { startCollector } from './collector.ts';
import { traceWith } from './spans.ts';

const place = inject('stack');
const collector = await startCollector();
const server = await startOwnServer(place, {
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
  OTEL_TRACES_SAMPLER_ARG: '1',
});
let founder: Founder;

beforeAll(async () => {
  founder = await signUpTenant({ ...place, url: server.url });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await collector[Symbol.asyncDispose]();
});

// Spans are exported every five seconds. The tests run concurrently to wait only once.
test.concurrent('a trace that its caller does not sample is not exported, and one without a caller is', async () => {
  const dropped = 'a'.repeat(32);
  await rest(server.url, 'GET', '/users/me', { headers: { traceparent: `00-${dropped}-00f067aa0ba902b7-00` } });
  const mark = 'b'.repeat(32);
  await rest(server.url, 'GET', '/users/me', { headers: { traceparent: `00-${mark}-00f067aa0ba902b7-01` } });
  await traceWith(collector, mark, 'users.me');
  expect(collector.spans.some(({ traceId }) => traceId === dropped)).toBe(false);
  expect(collector.spans.some(({ name, parentSpanId }) => name === 'POST trpc' && !parentSpanId)).toBe(true);
});

test.concurrent('a refusal does not mark its span as failed, and has its reason there', async () => {
  const traceId = 'c'.repeat(32);
  await rest(server.url, 'GET', '/users/me', { headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } });
  const span = (await traceWith(collector, traceId, 'users.me')).find(({ name }) => name === 'users.me');
  expect(span).toMatchObject({ failed: false, attributes: { 'atrium.outcome': 'UNAUTHENTICATED' } });
});

test.concurrent('bad input and refusals mark neither the span of the call nor that of its transaction as failed', async () => {
  const call = { token: founder.tokens().accessToken, tenant: founder.slug };
  const refused = [
    ['1'.repeat(32), 'projects.create', 'POST', '/projects', 'VALIDATION_FAILED'],
    ['2'.repeat(32), 'projects.get', 'GET', `/projects/${crypto.randomUUID()}`, 'NOT_FOUND'],
    ['3'.repeat(32), 'admin.users', 'GET', '/admin/users', 'FORBIDDEN'],
  ] as const;
  for (const [traceId, , method, path] of refused) {
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    await rest(server.url, method, path, { ...call, headers, ...(method === 'POST' && { body: { name: 7 } }) });
  }
  for (const [traceId, procedure, , , reason] of refused) {
    const spans = await traceWith(collector, traceId, procedure, 'transaction');
    expect(spans.filter(({ failed }) => failed)).toEqual([]);
    // The first transaction is the call's own. A denial has a second one for its audit row.
    for (const told of [procedure, 'transaction']) {
      expect(spans.find(({ name }) => name === told)?.attributes).toMatchObject({ 'atrium.outcome': reason });
    }
  }
});
