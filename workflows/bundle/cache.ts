import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { BUNDLE_CACHE, INTERCEPTORS_PATH, SANDBOX_SOURCES, WORKFLOWS_PATH } from './paths.ts';

/**
 * Bundles the workflows' code, or reuses the cached bundle if neither the sources nor the lockfile have changed.
 * Bundling takes most of a worker's start. Lint keeps the sandbox to SANDBOX_SOURCES, so these are all its sources.
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
    // Written under another name and renamed, because several workers may start at once.
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

/** @returns the files of a folder, sorted; the file itself; or nothing if the source does not exist */
async function filesOf(source: URL): Promise<URL[]> {
  if (!existsSync(source)) return [];
  if (!source.pathname.endsWith('/')) return [source];
  return (await readdir(source)).toSorted().map((name) => new URL(name, source));
}
