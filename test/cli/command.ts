import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TIMEOUT_MS = 20_000;

/** How a command ended, and what it said. */
export interface Ended {
  /** `null` when it was stopped after {@link TIMEOUT_MS}. */
  code: number | null;
  output: string;
  errors: string;
}

/**
 * Runs one of package.json's scripts, as an operator types it.
 * @param options.bun the Bun that runs it
 * @param options.env all that it finds in its environment
 */
export async function runScript(
  script: readonly [name: string, ...args: string[]],
  { bun, env }: { bun: string; env: Record<string, string> },
): Promise<Ended> {
  const child = spawn(bun, ['run', '--silent', ...script], {
    cwd: ROOT,
    // In production nothing is read from the clone's `.local/`: a stack may run there.
    env: { NODE_ENV: 'production', ...env },
    // No socket: bash would take itself for a remote shell, and read its owner's ~/.bashrc.
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
  });
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, output, errors };
}
