import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { z } from 'zod';
import { withoutSettings } from '../../dev/environment.ts';
import { freePort } from '../../dev/ports.ts';
import { signUpTenant, logIn } from '../support/people.ts';
import { waitFor } from '../support/wait.ts';
import { makeClone } from './clone.ts';
import { startDev, stillAlive, type DevCommand } from './dev-command.ts';
import { blocksOf, readPage } from './markdown.ts';

const place = inject('stack');

/** A folder name with characters that shells, URLs and databases interpret. */
const FOLDER = '$HOME 100%41 #1, `b` & (ü)';

/** @returns the first command of the README, and the lines that it prints */
async function devBlock(): Promise<{ command: string; printed: string[] }> {
  const [command, printed] = blocksOf(await readPage('README.md'));
  if (command?.language !== 'sh' || printed?.language !== 'text')
    throw new Error('The README begins with something else');
  return { command: command.code.trim(), printed: printed.code.split('\n').filter((line) => line !== '') };
}

/** The exact content of `.local/stack.json`. */
const stackSchema = z.strictObject({
  url: z.url(),
  databaseUrl: z.string().startsWith('postgres://atrium_app:'),
  databaseOwnerUrl: z.string().startsWith('postgres://atrium_owner:'),
  temporalAddress: z.string().regex(/^127\.0\.0\.1:\d+$/),
  temporalUiUrl: z.url(),
  mailDir: z.string(),
  superuser: z.strictObject({ email: z.literal('root@atrium.localhost'), password: z.string().min(15) }),
});

async function readStack(folder: string): Promise<z.infer<typeof stackSchema>> {
  return stackSchema.parse(JSON.parse(await readFile(join(folder, '.local', 'stack.json'), 'utf8')));
}

/** Presses Ctrl-C, and expects that no process, no listener and no file about a running stack is left. */
async function expectToStop(dev: DevCommand, folder: string, url: string): Promise<void> {
  const processes = await dev.processes();
  expect(processes.length).toBeGreaterThan(5);
  await dev.interrupt();
  expect(dev.output()).toContain('All stopped.');
  // The output closes a moment before the last process has ended.
  await waitFor('every process to end', () => stillAlive(processes).length === 0);
  await expect(fetch(url)).rejects.toThrow();
  await expect(stat(join(folder, '.local', 'stack.json'))).rejects.toThrow('ENOENT');
}

test("the README's first command starts everything in a fresh clone in any folder and with any HOST, stops on Ctrl-C, and finds its data again", async () => {
  const { command, printed } = await devBlock();
  const port = await freePort();
  await using clone = await makeClone(FOLDER);
  const start = (settings: Record<string, string> = {}) =>
    startDev(command, {
      folder: clone.folder,
      env: { ...withoutSettings(place.env), PORT: String(port), ...settings },
    });

  await using first = await start();
  const stack = await readStack(clone.folder);
  expect(stack.url).toBe(`http://localhost:${port}`);
  expect(stack.mailDir).toBe(join(clone.folder, '.local', 'mail'));
  for (const label of printed.slice(0, -1).map((line) => line.slice(0, 12))) expect(first.output()).toContain(label);
  expect((await fetch(`${stack.url}/readyz`)).status).toBe(200);
  // Nothing is written outside of the clone, where --reset would not remove it.
  expect(await readdir(join(clone.folder, '..'))).toEqual([FOLDER]);
  const founder = await signUpTenant(stack);
  await founder.client.projects.create.mutate({ name: 'Apollo' });
  await expectToStop(first, clone.folder, stack.url);

  // The value of HOST in a conda shell.
  await using second = await start({ HOST: 'x86_64-conda-linux-gnu' });
  expect(second.output()).toMatch(/^HOST is x86_64-conda-linux-gnu, /m);
  const again = await readStack(clone.folder);
  expect(again.superuser).toEqual(stack.superuser);
  const { client } = await logIn(again, founder);
  expect((await client.projects.list.query({})).items).toMatchObject([{ name: 'Apollo' }]);
  const { login } = await logIn(again, again.superuser);
  expect(login.user.email).toBe(stack.superuser.email);
  await expectToStop(second, clone.folder, again.url);
}, 180_000);
