import { expect, inject, test } from 'vitest';
import { expectGuarded } from '../support/guards.ts';
import { at } from '../support/rest.ts';
import { watchApp } from './app.ts';

const place = inject('stack');

test('/metrics without METRICS_TOKEN answers anyone, in the text format of Prometheus', async () => {
  const response = await fetch(`${place.url}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=/);
  expectGuarded(response);
});

test('/metrics asks for its token, where there is one, in constant time', async () => {
  await using guarded = await watchApp(place, { metricsToken: 'a-token-for-metrics' });
  const ask = (headers: Record<string, string> = {}) => guarded.app.request('/metrics', { headers });
  for (const headers of [
    {},
    { authorization: 'Bearer a-token-for-metric' },
    { authorization: 'a-token-for-metrics' },
  ]) {
    const response = await ask(headers);
    expect(response.status).toBe(401);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(at(await response.json(), 'reason')).toBe('UNAUTHENTICATED');
  }
  const allowed = await ask({ authorization: 'Bearer a-token-for-metrics' });
  expect(allowed.status).toBe(200);
  expect(await allowed.text()).toContain('atrium_build_info');
});
