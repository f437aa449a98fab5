import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { signUpTenant, type Founder } from '../support/people.ts';
import { startOwnStack } from '../support/own-stack.ts';
import { waitFor } from '../support/wait.ts';
import { startLoad } from './load.ts';

const WINDOW_MS = 2_000;
const stack = await startOwnStack(inject('stack'), {
  extraEnv: { DRAIN_SECONDS: String(WINDOW_MS / 1000), SHUTDOWN_SECONDS: '8' },
});
let founder: Founder;
beforeAll(async () => {
  founder = await signUpTenant(stack);
});
afterAll(() => stack.remove());

const headers = (): Record<string, string> => ({
  authorization: `Bearer ${founder.tokens().accessToken}`,
  'x-tenant-slug': founder.slug,
});

test('a server that is told to stop under load fails no call until its window ends, resets no connection, and exits', async () => {
  const load = startLoad(() => `${stack.url}/api/v1/projects`, { connections: 16, headers: headers() });
  await waitFor('the load to run', () => (load.outcome.counts.get('200') ?? 0) > 100);

  const signalledAt = Date.now();
  const gone = stack.server.stop();
  await waitFor('readiness to be off', async () => (await fetch(`${stack.url}/readyz`)).status === 503);
  expect((await fetch(`${stack.url}/livez`)).status).toBe(200);
  await gone;
  const { counts, firstRefusalAt = Infinity } = await load.stop();

  expect(firstRefusalAt - signalledAt).toBeGreaterThanOrEqual(WINDOW_MS);
  // After that, open connections get 503 and new ones are refused.
  expect(Array.from(counts.keys()).filter((what) => !['200', '503', 'ECONNREFUSED'].includes(what))).toEqual([]);
  await stack.server.start();
}, 150_000);

test('a rolling restart of two servers behind a balancer that follows /readyz fails no call', async () => {
  const second = await startSecond();
  const servers = [stack.url, second.url];
  const ready = new Set(servers);
  let watching = true;
  const watch = Promise.all(
    servers.map(async (url) => {
      while (watching) {
        if (await isReady(url)) ready.add(url);
        else ready.delete(url);
        await sleep(50);
      }
    }),
  );
  let turn = 0;
  const target = (): string | undefined => {
    const open = servers.filter((url) => ready.has(url));
    const url = open[turn++ % Math.max(open.length, 1)];
    return url === undefined ? undefined : `${url}/api/v1/projects`;
  };
  const load = startLoad(target, { connections: 16, headers: headers() });
  try {
    for (const server of [stack.server, second.server]) {
      await server.stop();
      await server.start(server === second.server ? second.env : {});
      await waitFor('both to be ready', () => ready.size === 2);
    }
  } finally {
    const { counts } = await load.stop();
    watching = false;
    await watch;
    await second.remove();
    expect(Object.fromEntries(counts)).toEqual({ 200: counts.get('200') });
  }
}, 150_000);

async function isReady(url: string): Promise<boolean> {
  return await fetch(`${url}/readyz`).then(
    ({ status }) => status === 200,
    () => false,
  );
}

/** Starts another server over the same database. */
async function startSecond() {
  const { DATABASE_URL = '', DATABASE_OWNER_URL = '', JWT_KEYS = '', SECRET_KEY = '', PUBLIC_URL = '' } = stack.env;
  const env = { DATABASE_URL, DATABASE_OWNER_URL, JWT_KEYS, SECRET_KEY, PUBLIC_URL };
  const other = await startOwnStack(inject('stack'), {
    extraEnv: { ...env, DRAIN_SECONDS: String(WINDOW_MS / 1000) },
    parts: ['server'],
  });
  return { ...other, env };
}
