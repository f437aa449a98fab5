import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSpawn, run } from '../../dev/child.ts';
import { findExecutable, type Fetched, type Search } from '../../dev/executable.ts';
import { CACHE_DIR } from '../../dev/stack.ts';

/** The folder of a separate `package.json` with its lock. Only tests need its 65 MB, so the project does not depend on it. */
const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const INSTALL_MS = 240_000;

/** Unpacks the browser into the temporary folder of Node. */
const UNPACK = `
import chromium from '@sparticuz/chromium';
await chromium.executablePath();
`;

/**
 * Finds Chromium on PATH or in the cache, or installs it from npm with checked hashes.
 * @param bun the path of the Bun that installs it
 * @returns the absolute path of its command.
 * @throws StackError that says what to install, if it was not found.
 */
export async function findChromium(bun: string, env: Readonly<Record<string, string>>): Promise<string> {
  const search = { spawn: createSpawn(), env, cacheDir: CACHE_DIR, log: () => undefined, signal: undefined };
  return await findExecutable(search, {
    file: 'chromium',
    title: 'Chromium',
    says: 'Chromium',
    sources: [['@sparticuz/chromium from npm', (draft) => install(search, bun, draft)]],
    advice: 'put chromium on PATH, or give this machine (Linux on x64) access to npm',
  });
}

async function install({ spawn, env, cacheDir }: Search, bun: string, draft: string): Promise<Fetched> {
  for (const name of ['package.json', 'bun.lock']) await copyFile(join(FOLDER, name), join(draft, name));
  const unpacked = join(draft, 'unpacked');
  await mkdir(unpacked);
  const steps = [
    [bun, 'install', '--frozen-lockfile', '--ignore-scripts', '--no-progress'],
    [process.execPath, '--input-type=module', '--eval', UNPACK],
  ] as const;
  for (const step of steps) {
    const options = { env: { ...env, TMPDIR: unpacked }, timeoutMs: INSTALL_MS, cwd: draft };
    const { code, output } = await run(spawn, [...step], options);
    if (code !== 0) return { failure: `${output.trim().split('\n').at(-1) ?? ''} (${step[0]} ended with ${code})` };
  }
  const kept = join(cacheDir, 'chromium-files');
  await rm(kept, { recursive: true, force: true });
  await rename(unpacked, kept);
  const path = join(draft, 'chromium');
  const quoted = `'${join(kept, 'chromium').replaceAll("'", String.raw`'\''`)}'`;
  await writeFile(path, `#!/bin/sh\nexec ${quoted} "$@"\n`);
  return { path };
}
