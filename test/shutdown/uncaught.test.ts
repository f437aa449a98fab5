import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, inject, test } from 'vitest';
import { freePort } from '../../dev/ports.ts';
import type { Command } from '../../dev/tie.ts';
import { waitFor } from '../support/wait.ts';
import { startProcess, type Process } from './process.ts';

// An uncaught error shuts the process down as a signal does, with exit code 1.
const stack = inject('stack');
const folder = await mkdtemp(join(tmpdir(), 'atrium-uncaught-'));
const PLANTED = join(folder, 'planted.mjs');
/** Preloaded in the main thread of a server or worker. It causes the error that the file names, once the file exists. */
await writeFile(
  PLANTED,
  `import { existsSync, readFileSync } from 'node:fs';
  import { isMainThread } from 'node:worker_threads';
  const file = process.env.PLANTED_ERROR;
  const watch = setInterval(() => {
    if (!isMainThread || !existsSync(file)) return;
    clearInterval(watch);
    if (readFileSync(file, 'utf8') === 'rejection') Promise.reject(new Error('planted'));
    else throw new Error('planted');
  }, 20).unref();`,
);
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Doomed extends Process {
  /** Causes the error. */
  plant: (how: 'rejection' | 'exception') => Promise<void>;
}

async function start(command: Command, env: Record<string, string>, ready: string): Promise<Doomed> {
  const file = join(folder, crypto.randomUUID());
  const started = startProcess(command, { ...stack.env, ...env, PLANTED_ERROR: file });
  const { child, lines } = started;
  await waitFor(ready, () => child.ended() || lines.some((line) => line.includes(ready)));
  return { ...started, plant: (how) => writeFile(file, how) };
}

test.each(['exception', 'rejection'] as const)('a server with an uncaught %s drains and exits with 1', async (how) => {
  const port = await freePort();
  const bun = stack.env['ATRIUM_BUN'] ?? 'bun';
  await using server = await start(
    [bun, '--no-env-file', '--preload', PLANTED, 'src/server.ts'],
    { PORT: String(port), DRAIN_SECONDS: '2' },
    'server ready',
  );
  const probe = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
  expect(await probe('/readyz')).toBe(200);
  await server.plant(how);
  await waitFor('readiness to be off', async () => (await probe('/readyz')) === 503);
  expect(await probe('/openapi.json')).toBe(200);
  expect(await server.child.exited).toBe(1);
  expect(server.lines.join('\n')).toContain('uncaught error');
});

test('a worker with an uncaught error drains and exits with 1', async () => {
  await using worker = await start(
    [process.execPath, '--import', 'tsx', '--import', PLANTED, 'workflows/worker.ts'],
    {},
    'worker ready',
  );
  await worker.plant('rejection');
  expect(await worker.child.exited).toBe(1);
  const text = worker.lines.join('\n');
  expect(text).toContain('uncaught error');
  expect(text).toContain('draining');
}, 40_000);
