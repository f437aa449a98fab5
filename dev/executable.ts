import { chmod, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { run, type Spawn } from './child.ts';
import { StackError } from './error.ts';

const VERSION_MS = 20_000;

/** What is at hand to look for an executable with. */
export interface Search {
  readonly spawn: Spawn;
  /** Keeps an executable once it was fetched. Clones' `bun run dev` and `bun run test` share it. */
  readonly cacheDir: string;
  readonly env: Record<string, string>;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal | undefined;
}

/** Where an executable lies after it was fetched, or why it was not. */
export type Fetched = { path: string } | { failure: string };

/** Fetches an executable into the folder `draft`. */
export type Fetch = (draft: string) => Promise<Fetched>;

/** An executable to look for. */
export interface Wanted {
  /** Its file's name. */
  readonly file: string;
  readonly title: string;
  /** What it says when asked for its `--version`. */
  readonly says: string;
  /** Where to fetch it from, in the order to try. */
  readonly sources: readonly (readonly [name: string, fetch: Fetch])[];
  /** What to do when it cannot be had. */
  readonly advice: string;
}

/**
 * Finds an executable: on PATH, kept from an earlier time, or fetched.
 * @returns its absolute path.
 * @throws StackError that says what to install, when none can be had.
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
