import { afterAll, expect, inject, test } from 'vitest';
import { freePort } from '../../dev/ports.ts';
import { startOwnServer } from '../support/own-server.ts';
import { at, rest } from '../support/rest.ts';
import { waitFor } from '../support/wait.ts';
import { readMetrics } from './metrics.ts';

const TOKEN = 'token-of-the-metrics';
const server = await startOwnServer(inject('stack'), {
  NODE_ENV: 'production',
  METRICS_TOKEN: TOKEN,
  // No Redis listens there, so the process counts by itself.
  RATE_LIMIT_URL: `redis://127.0.0.1:${await freePort()}`,
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

test('in production each line of the log is JSON', async () => {
  const answer = await rest(server.url, 'GET', '/users/me');
  const id = answer.headers.get('x-request-id');
  const line = await waitFor('the line of the request', () => {
    const parsed = server.lines
      .filter((text) => text.startsWith('server | '))
      .map((text): unknown => JSON.parse(text.slice('server | '.length)));
    return parsed.find((entry) => at(entry, 'requestId') === id);
  });
  expect(line).toMatchObject({ level: 30, name: 'server', msg: 'request', outcome: 'UNAUTHENTICATED', status: 401 });
});

test('a rate limiter without Redis shows in the metric that the alert uses', async () => {
  await rest(server.url, 'GET', '/users/me');
  const { value } = await waitFor('the metric to say so', async () => {
    const metrics = await readMetrics(server.url, TOKEN);
    return metrics.value('atrium_limiter_away') === 1 && metrics;
  });
  expect(value('atrium_limiter_fallbacks_total')).toBeGreaterThanOrEqual(1);
});
