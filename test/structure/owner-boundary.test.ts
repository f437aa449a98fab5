import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** @returns the modules of the project that a process with this entry loads, as paths from the root */
async function modulesFrom(entry: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    external: ['bun', 'bun:*'],
    loader: { '.html': 'text', '.css': 'text', '.sql': 'text' },
    logLevel: 'silent',
  });
  return Object.keys(metafile.inputs);
}

const isOwners = (path: string): boolean => path.split('/').includes('owner');

const namesConnectOwner = async (path: string): Promise<boolean> =>
  /\bconnectOwner\b/.test(await readFile(join(ROOT, path), 'utf8'));

test.for(['src/server.ts', 'routers/index.ts'])("%s loads nothing that needs the owner's connection", async (entry) => {
  const modules = await modulesFrom(entry);
  expect(modules).toContain('db/entering/enter.ts');
  expect(modules.filter(isOwners)).toEqual([]);
  const named = await Promise.all(modules.map(namesConnectOwner));
  expect(modules.filter((_, index) => named[index])).toEqual([]);
});

test("the worker, which has the owner's connection, loads it from a folder `owner`", async () => {
  const modules = await modulesFrom('workflows/worker.ts');
  expect(modules.filter(isOwners)).toContain('db/connection/owner/connect.ts');
});
