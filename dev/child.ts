import { spawn, type StdioOptions } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { findTie, tieCommand, type Command, type DeathSignal, type OsUser } from './tie.ts';

const TAIL_LINES = 20;
// After a process has ended, its last output may still be in the pipe. A grandchild may keep that pipe open forever.
const DRAIN_MS = 500;

export type StopSignal = 'SIGTERM' | 'SIGINT' | 'SIGQUIT' | 'SIGKILL';

/** A signal, and how many ms to wait for the process to exit. */
export type StopStep = readonly [StopSignal, number];

export interface ChildOptions {
  readonly command: Command;
  readonly env: Record<string, string>;
  readonly cwd?: string;
  /** Where its output goes: appended to a file, to a function for each line, or with `inherit` to the output of this process. */
  readonly output: { file: string } | { line: (line: string) => void } | 'inherit';
  readonly onOurDeath: DeathSignal;
  /** Whether it starts child processes that would outlive it. */
  readonly tree?: boolean;
  readonly user?: OsUser | undefined;
}

/** A child process that ends when this process ends, even by KILL. */
export interface Child {
  readonly pid: number | undefined;
  /** Resolves to its exit code, or null if a signal ended it or it could not be started. Never rejects. */
  readonly exited: Promise<number | null>;
  ended(): boolean;
  /** The last lines of its output. */
  tail(): string[];
  kill(signal: StopSignal): void;
  /** Sends the signals of the steps in turn, and KILL at last, until the process has exited. Resolves then. */
  stop(...steps: StopStep[]): Promise<void>;
}

export type Spawn = (options: ChildOptions) => Child;

/** @returns the function that starts child processes. The tie of the machine is looked up only once. */
export function createSpawn(tie = findTie()): Spawn {
  return (options) => {
    const chosen = options.tree ? 'guard' : tie;
    const [file, ...args] = tieCommand(chosen, options.onOurDeath, options.command, options.user);
    const { output, user } = options;
    const logFile = typeof output === 'object' && 'file' in output ? output.file : undefined;
    const takeLine = typeof output === 'object' && 'line' in output ? output.line : undefined;
    const fd = logFile === undefined ? undefined : openSync(logFile, 'a', 0o600);
    const sink = fd ?? (takeLine ? 'pipe' : 'inherit');
    const stdio: StdioOptions = [chosen === 'guard' ? 'pipe' : 'ignore', sink, sink];
    const process_ = spawn(file, args, {
      stdio,
      env: options.env,
      // A session of its own: Ctrl-C in the terminal must reach this process only, which then stops the parts in order.
      detached: true,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(user?.by === 'spawn' ? { uid: user.uid, gid: user.gid } : {}),
    });
    if (fd !== undefined) closeSync(fd);

    const lines: string[] = [];
    const remember = (line: string) => {
      lines.push(line);
      if (lines.length > TAIL_LINES) lines.shift();
    };
    for (const stream of [process_.stdout, process_.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        remember(line);
        takeLine?.(line);
      });
    }

    const { pid } = process_;
    let over = false;
    const exited = new Promise<number | null>((resolve) => {
      const closed = new Promise((done) => process_.once('close', done));
      process_.once('error', (error) => {
        remember(error.message);
        over = true;
        resolve(null);
      });
      process_.once('exit', (code) => {
        over = true;
        if (pid !== undefined) signalGroup(pid, 'SIGKILL');
        void Promise.race([closed, sleep(DRAIN_MS)]).then(() => resolve(code));
      });
    });

    const kill = (signal: StopSignal) => {
      if (over || pid === undefined) return;
      if (signal === 'SIGKILL') signalGroup(pid, signal);
      else process_.kill(signal);
    };
    return {
      pid,
      exited,
      ended: () => over,
      tail: () => (logFile === undefined ? [...lines] : lastLines(logFile)),
      kill,
      async stop(...steps) {
        for (const [signal, graceMs] of steps) {
          if (over) break;
          kill(signal);
          await Promise.race([exited, sleep(graceMs, undefined, { ref: false })]);
        }
        kill('SIGKILL');
        await exited;
      },
    };
  };
}

function signalGroup(pid: number, signal: StopSignal): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The process has already exited.
  }
}

function lastLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES);
  } catch {
    return [];
  }
}

/** Runs a command for at most `timeoutMs`. @returns its output as text, and its exit code, which is null if it was stopped */
export async function run(
  spawnChild: Spawn,
  command: Command,
  options: {
    env: Record<string, string>;
    timeoutMs: number;
    signal?: AbortSignal | undefined;
    cwd?: string;
    user?: OsUser | undefined;
  },
): Promise<{ code: number | null; output: string }> {
  const output: string[] = [];
  const child = spawnChild({
    command,
    env: options.env,
    output: { line: (line) => output.push(line) },
    onOurDeath: 'KILL',
    tree: true,
    user: options.user,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const abort = () => child.kill('SIGKILL');
  const timer = setTimeout(abort, options.timeoutMs);
  options.signal?.addEventListener('abort', abort);
  if (options.signal?.aborted) abort();
  const code = await child.exited;
  clearTimeout(timer);
  options.signal?.removeEventListener('abort', abort);
  return { code, output: output.join('\n') };
}
