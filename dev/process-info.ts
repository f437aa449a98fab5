import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hasCode } from './error.ts';

/** Whether a process with this id exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

/** The id of a process's parent; undefined when the process is gone. */
export function parentOf(pid: number): number | undefined {
  // The second field of stat, the name in parentheses, may hold anything; the parent is the second field after it.
  const parent = statFields(pid)?.[1] ?? ps(pid, 'ppid');
  return parent === undefined ? undefined : Number(parent);
}

/** When a process began, in a form that only serves to compare: it tells a process from a later one with its id. */
export function beginningOf(pid: number): string | undefined {
  return statFields(pid)?.[19] ?? ps(pid, 'lstart');
}

/** The command line of a process, its parts separated by spaces. */
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
