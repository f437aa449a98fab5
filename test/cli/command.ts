import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TIMEOUT_MS = 20_000;

/** The exit code and the output of a command. */
export interface Ended {
  /** The exit code; `null` if the command was stopped after {@link TIMEOUT_MS}. */
  code: number | null;
  output: string;
  errors: string;
}

/**
 * Runs a script of package.json as an operator does.
 * @param options.bun the Bun that runs it
 * @param options.env its whole environment
 */
export async function runScript(
  script: readonly [name: string, ...args: string[]],
  { bun, env }: { bun: string; env: Record<string, string> },
): Promise<Ended> {
  const child = spawn(bun, ['run', '--silent', ...script], {
    cwd: ROOT,
    // In production nothing is read from the clone's `.local/`, where a stack may be running.
    env: { NODE_ENV: 'production', ...env },
    // Not a socket: bash would take it for a remote shell and read ~/.bashrc.
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
  });
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, output, errors };
}
