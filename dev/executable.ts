import { chmod, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { run, type Spawn } from './child.ts';
import { StackError } from './error.ts';

const VERSION_MS = 20_000;

/** How and where to search for an executable. */
export interface Search {
  readonly spawn: Spawn;
  /** The folder for downloaded executables. `bun run dev` and `bun run test` share it. */
  readonly cacheDir: string;
  readonly env: Record<string, string>;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal | undefined;
}

/** The path of a downloaded executable, or why the download failed. */
export type Fetched = { path: string } | { failure: string };

/** Downloads an executable into the folder `draft`. */
export type Fetch = (draft: string) => Promise<Fetched>;

/** An executable to look for. */
export interface Wanted {
  /** The name of its file. */
  readonly file: string;
  readonly title: string;
  /** The text that its `--version` prints. */
  readonly says: string;
  /** Where to download it from, in the order to try. */
  readonly sources: readonly (readonly [name: string, fetch: Fetch])[];
  /** What the user can do if no source has it. */
  readonly advice: string;
}

/**
 * Finds an executable on PATH or in `cacheDir`, or downloads it.
 * @returns its absolute path.
 * @throws StackError that says what to install, if it was not found.
 */
export async function findExecutable(search: Search, wanted: Wanted): Promise<string> {
  const { cacheDir, log, signal } = search;
  const { file, title } = wanted;
  const cached = join(cacheDir, file);
  for (const directory of (search.env['PATH'] ?? '').split(delimiter).filter(isAbsolute)) {
    const path = join(directory, file);
    if (await works(search, wanted, path)) return path;
  }
  if (await works(search, wanted, cached)) return cached;

  await mkdir(cacheDir, { recursive: true });
  const draft = await mkdtemp(join(cacheDir, 'fetch-'));
  const failures: string[] = [];
  try {
    for (const [name, fetch] of wanted.sources) {
      signal?.throwIfAborted();
      log(`${title} is not on PATH or in ${cacheDir}; trying ${name} …`);
      const result = await fetch(draft);
      signal?.throwIfAborted();
      if ('path' in result) {
        await chmod(result.path, 0o755);
        if (await works(search, wanted, result.path)) {
          await rename(result.path, cached);
          return cached;
        }
      }
      const failure = `${name}: ${'failure' in result ? result.failure : 'the downloaded program does not run'}`;
      failures.push(failure);
      log(`  not available from ${failure}`);
    }
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  throw new StackError(`${title} is not available; ${wanted.advice}`, failures);
}

async function works({ spawn, env, signal }: Search, { says }: Wanted, path: string): Promise<boolean> {
  const file = await stat(path).catch(() => undefined);
  if (!file?.isFile()) return false;
  const { code, output } = await run(spawn, [path, '--version'], { env, timeoutMs: VERSION_MS, signal });
  return code === 0 && output.includes(says);
}
