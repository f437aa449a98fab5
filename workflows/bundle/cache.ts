import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { BUNDLE_CACHE, INTERCEPTORS_PATH, SANDBOX_SOURCES, WORKFLOWS_PATH } from './paths.ts';

/**
 * The workflows' code, bundled anew only when its sources or the lockfile have changed: bundling is most of what a
 * worker's start takes. What the sandbox may import is held by lint, so these folders and contracts are all of it.
 * @returns the path of the bundle
 */
export async function cachedBundle(): Promise<string> {
  const file = new URL(`workflows-${await fingerprint()}.js`, BUNDLE_CACHE);
  if (!existsSync(file)) {
    const { code } = await bundleWorkflowCode({
      workflowsPath: WORKFLOWS_PATH,
      workflowInterceptorModules: [INTERCEPTORS_PATH],
      logger: new DefaultLogger('WARN'),
    });
    await mkdir(BUNDLE_CACHE, { recursive: true });
    // Renamed into place: several workers may start at once.
    const part = new URL(`${file.href}.${process.pid}`);
    await writeFile(part, code);
    await rename(part, file);
  }
  return fileURLToPath(file);
}

async function fingerprint(): Promise<string> {
  const sources = await Promise.all(SANDBOX_SOURCES.map(filesOf));
  const files = [...sources.flat(), new URL('../../bun.lock', import.meta.url)];
  const hash = createHash('sha256');
  for (const file of files) hash.update(file.pathname).update(await readFile(file));
  return hash.digest('hex').slice(0, 16);
}

/** The files of a folder, in order; a file itself; nothing where there is none. */
async function filesOf(source: URL): Promise<URL[]> {
  if (!existsSync(source)) return [];
  if (!source.pathname.endsWith('/')) return [source];
  return (await readdir(source)).toSorted().map((name) => new URL(name, source));
}
