import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { isAlive } from '../../dev/process-info.ts';
import { findTie, tieCommand } from '../../dev/tie.ts';
import { waitFor } from '../support/wait.ts';

/** A `bun run dev` that is ready. */
export interface DevCommand extends AsyncDisposable {
  /** All that it has printed. */
  output(): string;
  /** The processes that it is made of, down to the last grandchild. */
  processes(): Promise<number[]>;
  /** Ctrl-C: the terminal sends SIGINT to the whole group. Resolves when nobody is left who could print. */
  interrupt(): Promise<void>;
}

/** Cold, on a machine that is busy with other tests, in ms. */
const READY_MS = 120_000;
const STOP_MS = 30_000;

/**
 * Starts a command line of the docs in a folder, as a shell would, and waits until it says that it is ready.
 * @throws Error with all it printed when it ends before
 */
export async function startDev(
  command: string,
  options: { folder: string; env: Readonly<Record<string, string>> },
): Promise<DevCommand> {
  const lines: string[] = [];
  // Tied to us: a run of the tests that is cut short leaves no stack behind.
  const [file, ...args] = tieCommand(findTie(), 'TERM', ['bash', '-c', `exec ${command}`]);
  const child = spawn(file, args, { cwd: options.folder, env: options.env, detached: true, stdio: 'pipe' });
  const output = (): string => lines.join('');
  child.stdout.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
  let closed = false;
  child.once('close', () => {
    closed = true;
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} could not be started`);

  async function interrupt(): Promise<void> {
    if (!closed && pid !== undefined) process.kill(-pid, 'SIGINT');
    // npx dies of the signal at once; what it started takes the time it needs.
    await waitFor('everything to end', () => closed, STOP_MS);
  }

  await waitFor(
    'the stack to be ready',
    () => {
      if (closed) throw new Error('It ended');
      return output().includes('Ctrl-C stops everything');
    },
    READY_MS,
  ).catch(async (error: unknown) => {
    await interrupt();
    throw new Error(output(), { cause: error });
  });
  return { output, interrupt, processes: () => familyOf(pid), [Symbol.asyncDispose]: interrupt };
}

/** Those of the processes that still run. */
export function stillAlive(pids: readonly number[]): number[] {
  return pids.filter(isAlive);
}

/** A process and all that descend from it. */
async function familyOf(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=']);
  const pairs = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const family = [pid];
  // It grows while it is walked: children of children follow.
  for (const parent of family) {
    for (const [child, of] of pairs) if (of === parent && child !== undefined) family.push(child);
  }
  return family;
}
