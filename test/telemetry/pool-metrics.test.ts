import { expect, inject, test } from 'vitest';
import { waitFor } from '../support/wait.ts';
import { watchApp } from './app.ts';
import { parseMetrics } from './metrics.ts';

const place = inject('stack');

test('callers that wait for a connection are shown while they wait, and are counted for good', async () => {
  await using watched = await watchApp(place, { poolMax: 1 });
  const read = async () => parseMetrics(await (await watched.app.request('/metrics')).text()).value;
  const before = await read();
  expect(before('atrium_pool_connections_max')).toBe(1);
  expect(before('atrium_pool_waits_total')).toBe(0);

  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const first = watched.pool.transaction({ readOnly: true }, () => held);
  const second = watched.pool.transaction({ readOnly: true }, async () => undefined);
  await waitFor('one to be busy and one to wait', async () => {
    const value = await read();
    return value('atrium_pool_connections_busy') === 1 && value('atrium_pool_waiting') === 1;
  });
  release();
  await Promise.all([first, second]);

  const after = await read();
  expect(after('atrium_pool_waiting')).toBe(0);
  expect(after('atrium_pool_waits_total')).toBe(1);
  expect(after('atrium_pool_wait_seconds_total')).toBeGreaterThan(0);
  expect(after('atrium_pool_refused_total')).toBe(0);
});
