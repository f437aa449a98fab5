import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { isAlive } from '../../dev/process-info.ts';
import { findTie, tieCommand } from '../../dev/tie.ts';
import { waitFor } from '../support/wait.ts';

/** A `bun run dev` that is ready. */
export interface DevCommand extends AsyncDisposable {
  /** @returns its output so far */
  output(): string;
  /** @returns the ids of its process and of all its descendants */
  processes(): Promise<number[]>;
  /** Sends SIGINT to the process group, as Ctrl-C does. Resolves when its output is closed. */
  interrupt(): Promise<void>;
}

/** The timeout for a first start on a busy machine, in ms. */
const READY_MS = 120_000;
const STOP_MS = 30_000;

/**
 * Runs a command line of the docs in a folder with a shell, and waits until it prints that it is ready.
 * @throws Error with its output if it ends before
 */
export async function startDev(
  command: string,
  options: { folder: string; env: Readonly<Record<string, string>> },
): Promise<DevCommand> {
  const lines: string[] = [];
  // Tied to this process, so that an interrupted test run leaves no stack behind.
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
    // npx ends at the signal at once, but its children take some time.
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

/** @returns the processes that still run */
export function stillAlive(pids: readonly number[]): number[] {
  return pids.filter(isAlive);
}

/** @returns the id of a process and of all its descendants */
async function familyOf(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=']);
  const pairs = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const family = [pid];
  // The list grows during the loop, so children of children are visited too.
  for (const parent of family) {
    for (const [child, of] of pairs) if (of === parent && child !== undefined) family.push(child);
  }
  return family;
}
