import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { BUNDLE_CACHE, INTERCEPTORS_PATH, SANDBOX, WORKFLOWS_PATH } from './paths.ts';

/**
 * The workflows' code, bundled anew only when its sources or the lockfile have changed: bundling is most of what a
 * worker's start takes. What the sandbox may import is held by lint, so its folder and the contract are all of it.
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
  const names = (await readdir(SANDBOX)).toSorted();
  const files = [
    ...names.map((name) => new URL(name, SANDBOX)),
    new URL('../contract.ts', import.meta.url),
    new URL('../../bun.lock', import.meta.url),
  ];
  const hash = createHash('sha256');
  for (const file of files) hash.update(file.pathname).update(await readFile(file));
  return hash.digest('hex').slice(0, 16);
}
