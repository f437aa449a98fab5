import { createHash } from 'node:crypto';
import { access, copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSpawn, run } from '../../dev/child.ts';
import { CACHE_DIR } from '../../dev/stack.ts';
import { pipInstall } from '../support/pip.ts';

const LOCKS = fileURLToPath(new URL('tools/', import.meta.url));
const INSTALL_MS = 180_000;

type Env = Readonly<Record<string, string>>;

export const bunOf = (env: Env): string => env['ATRIUM_BUN'] ?? 'bun';

/**
 * Installs the packages of `tools/package.json` by `tools/bun.lock`, if an earlier run has not. They are no dependencies of
 * the project, because then `bun run dev` would install them too.
 * @returns the absolute path of its `node_modules`
 * @throws Error with the output of `bun install`
 */
export async function findPackages(env: Env): Promise<string> {
  const folder = await kept('openapi-packages', ['package.json', 'bun.lock'], async (draft) => {
    const command = [bunOf(env), 'install', '--frozen-lockfile', '--ignore-scripts', '--no-progress'] as const;
    const { code, output } = await run(createSpawn(), [...command], { env, timeoutMs: INSTALL_MS, cwd: draft });
    if (code !== 0) throw new Error(`The generators of clients cannot be installed:\n${output}`);
  });
  return join(folder, 'node_modules');
}

/**
 * Installs openapi-python-client and the packages of its clients by `tools/requirements.txt`, if an earlier run has not.
 * @returns the absolute path of the folder for `PYTHONPATH`
 * @throws Error that says what to install
 */
export async function findPythonLibrary(env: Env): Promise<string> {
  const folder = await kept('openapi-python-client', ['requirements.txt'], async (draft) => {
    const library = join(draft, 'library');
    const failure = await pipInstall(
      { spawn: createSpawn(), env, cwd: draft },
      join(LOCKS, 'requirements.txt'),
      library,
    );
    if (failure === undefined) return;
    throw new Error(`openapi-python-client needs Python 3.11 or newer with pip, and access to PyPI: ${failure}`);
  });
  return join(folder, 'library');
}

/** @returns a folder that `fill` has created from these files. Later runs share it until one of the files changes. */
async function kept(name: string, files: readonly string[], fill: (draft: string) => Promise<void>): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(join(LOCKS, file)));
  const folder = join(CACHE_DIR, `${name}-${hash.digest('hex').slice(0, 12)}`);
  if (await exists(folder)) return folder;
  await mkdir(CACHE_DIR, { recursive: true });
  const draft = await mkdtemp(join(CACHE_DIR, 'fetch-'));
  try {
    for (const file of files) await copyFile(join(LOCKS, file), join(draft, file));
    await fill(draft);
    await rename(draft, folder).catch(async (error: unknown) => {
      // Another run has created the folder meanwhile.
      if (!(await exists(folder))) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
