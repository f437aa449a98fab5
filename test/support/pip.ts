import { run, type Spawn } from '../../dev/child.ts';

const INSTALL_MS = 180_000;

/**
 * Installs the packages of a requirements file into a folder and checks their hashes. A virtual environment would need
 * another package on Debian.
 * @returns why it failed, or `undefined` if it succeeded
 */
export async function pipInstall(
  { spawn, env, cwd }: { spawn: Spawn; env: Readonly<Record<string, string>>; cwd: string },
  requirements: string,
  library: string,
): Promise<string | undefined> {
  const { code, output } = await run(
    spawn,
    [
      'python3',
      ...['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check'],
      ...[
        '--only-binary',
        ':all:',
        '--require-hashes',
        '--no-deps',
        '--requirement',
        requirements,
        '--target',
        library,
      ],
    ],
    { env, timeoutMs: INSTALL_MS, cwd },
  );
  if (code === 0) return undefined;
  const lastLine = output.trim().split('\n').at(-1) ?? '';
  return lastLine === '' ? `pip gave up after ${INSTALL_MS / 1000} s` : lastLine;
}
