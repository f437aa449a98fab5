import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hasCode } from './error.ts';

/** Whether a process with this id exists, of any user. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

/** @returns the id of a process's parent, or undefined if the process has ended */
export function parentOf(pid: number): number | undefined {
  // The second field of stat is the name in parentheses, which may hold any text. The parent is the second field after it.
  const parent = statFields(pid)?.[1] ?? ps(pid, 'ppid');
  return parent === undefined ? undefined : Number(parent);
}

/** @returns the start time of a process, only for comparison: it tells two processes with the same id apart */
export function beginningOf(pid: number): string | undefined {
  return statFields(pid)?.[19] ?? ps(pid, 'lstart');
}

/** @returns the command line of a process, its arguments separated by spaces */
export function commandOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return ps(pid, 'command');
  }
}

function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function ps(pid: number, field: string): string | undefined {
  if (process.platform === 'linux') return undefined;
  const { stdout } = spawnSync('ps', ['-o', `${field}=`, '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() || undefined;
}
