import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, inject, onTestFinished, test } from 'vitest';
import { keepStack, keptStackFor } from '../../dev/keep.ts';
import { startLeaseServer } from '../../dev/lease-server.ts';
import { takeLease } from '../../dev/lease.ts';

const stack = inject('stack');
const folder = await mkdtemp(join(tmpdir(), 'atrium-lease-'));
const file = join(folder, 'test-stack.json');
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The code version of the clone, and the actions of its stack. */
let clone: { foundation: string; processes: string };
let restarts: number;
let ready: boolean;
/** Whether the code of the clone does not start. */
let broken: boolean;
beforeEach(() => {
  clone = { foundation: 'first', processes: 'first' };
  restarts = 0;
  ready = true;
  broken = false;
});

async function keep() {
  const server = await startLeaseServer({
    stack,
    readVersion: () => Promise.resolve({ ...clone }),
    restart() {
      restarts += 1;
      return broken ? Promise.reject(new Error('does not start')) : Promise.resolve();
    },
    isReady: () => Promise.resolve(ready),
  });
  await writeFile(file, JSON.stringify({ url: server.url, token: server.token }));
  return server;
}

async function take() {
  const lease = await takeLease(file);
  onTestFinished(() => lease.release());
  return lease;
}

test('a kept stack is lent to several runs at once, without a restart', async () => {
  await using _ = await keep();
  const leases = await Promise.all([take(), take()]);
  expect(leases.map((lease) => lease.stack)).toEqual([stack, stack]);
  expect(restarts).toBe(0);
});

test('a kept stack starts its processes anew, once, for the first run after their code changed', async () => {
  await using _ = await keep();
  clone.processes = 'second';
  await take();
  await take();
  expect(restarts).toBe(1);
});

test('a kept stack is not restarted under a run that uses it: a run with other code is refused until that has ended', async () => {
  await using _ = await keep();
  const first = await take();
  clone.processes = 'second';
  await expect(take()).rejects.toThrow('another run uses it');
  expect(restarts).toBe(0);
  first.release();
  await expect.poll(() => take().then(() => 'taken', String)).toBe('taken');
  expect(restarts).toBe(1);
});

test('a kept stack that could not restart with broken code is restarted once the code is as before', async () => {
  await using _ = await keep();
  clone.processes = 'second';
  broken = true;
  await expect(take()).rejects.toThrow('does not start');
  clone.processes = 'first';
  broken = false;
  // The lease that was refused counts until its connection has ended.
  await expect.poll(() => take().then(() => 'taken', String)).toBe('taken');
  expect(restarts).toBe(2);
});

test('a kept stack is refused once the migrations or packages of the clone have changed', async () => {
  await using _ = await keep();
  clone.foundation = 'second';
  await expect(take()).rejects.toThrow('other migrations');
});

test('a kept stack whose server does not answer is refused', async () => {
  await using _ = await keep();
  ready = false;
  await expect(take()).rejects.toThrow('does not answer');
});

test('a kept stack that ended without removing its file is refused', async () => {
  await (await keep())[Symbol.asyncDispose]();
  await expect(take()).rejects.toThrow('it is gone');
});

test('a kept stack is lent to those alone who can read its file', async () => {
  await using server = await keep();
  await writeFile(file, JSON.stringify({ url: server.url, token: 'made-up' }));
  await expect(take()).rejects.toThrow('401');
  expect((await fetch(server.url)).status).toBe(401);
});

test('a kept stack is used for named tests only, and never in CI', async () => {
  await using _ = await keep();
  const named = ['test/pages.test.ts'];
  expect(keptStackFor(named, {}, file)).toEqual({ ATRIUM_TEST_STACK: file });
  expect(keptStackFor(named, { CI: 'false' }, file)).toEqual({ ATRIUM_TEST_STACK: file });
  expect(keptStackFor(named, { CI: 'true' }, file)).toEqual({});
  expect(keptStackFor([], {}, file)).toEqual({});
  expect(keptStackFor(['--reporter=dot'], {}, file)).toEqual({});
  expect(keptStackFor(named, {}, join(folder, 'none.json'))).toEqual({});
});

test('a stack whose start is interrupted ends without an error', async () => {
  const interrupted = AbortSignal.abort(new Error('Ctrl-C'));
  await expect(keepStack({ bun: 'bun', env: { ...stack.env }, signal: interrupted })).resolves.toBeUndefined();
});
