import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSpawn } from '../../dev/child.ts';
import { findExecutable, type Fetched, type Search } from '../../dev/executable.ts';
import { CACHE_DIR } from '../../dev/stack.ts';
import { pipInstall } from '../support/pip.ts';

const LOCK = fileURLToPath(new URL('requirements.txt', import.meta.url));
/** The version in the requirements. Another version makes other cases from the same seed. */
const VERSION = '4.32.5';

/**
 * Finds schemathesis on PATH or in the cache, or installs it from PyPI with checked hashes.
 * @returns the absolute path of its command.
 * @throws StackError that says what to install, if it was not found.
 */
export async function findSchemathesis(env: Readonly<Record<string, string>>): Promise<string> {
  const search = { spawn: createSpawn(), env, cacheDir: CACHE_DIR, log: () => undefined, signal: undefined };
  return await findExecutable(search, {
    file: 'schemathesis',
    title: 'schemathesis',
    says: `version ${VERSION}`,
    sources: [['PyPI', (draft) => install(search, draft)]],
    advice:
      `put schemathesis ${VERSION} on PATH (pip install schemathesis==${VERSION}), ` +
      'or give this machine Python 3.11 or newer with pip, and access to PyPI',
  });
}

async function install({ spawn, env, cacheDir }: Search, draft: string): Promise<Fetched> {
  const library = join(draft, 'library');
  const failure = await pipInstall({ spawn, env, cwd: draft }, LOCK, library);
  if (failure !== undefined) return { failure };
  const kept = join(cacheDir, `schemathesis-${VERSION}`);
  await rm(kept, { recursive: true, force: true });
  await mkdir(cacheDir, { recursive: true });
  await rename(library, kept);
  const path = join(draft, 'schemathesis');
  const quoted = `'${kept.replaceAll("'", String.raw`'\''`)}'`;
  await writeFile(path, `#!/bin/sh\nPYTHONPATH=${quoted} exec python3 -m schemathesis.cli "$@"\n`);
  return { path };
}
