import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { acquireLock } from './lock.ts';

const LOCK = 'stack.lock';
const RUNNING = ['stack.json', 'dev.env'];

/** The paths in the data directory of a stack. This process holds the lock on it. */
export interface DataDir {
  readonly stackFile: string;
  readonly envFile: string;
  readonly mailDir: string;
  logFile(part: string): string;
  /**
   * Creates the missing folders and removes the files of an earlier run.
   * @param options.reset whether to remove everything in the directory except `cacheDir`.
   */
  prepare(options: { reset: boolean; cacheDir: string }): Promise<void>;
  /** Removes the files that describe the running stack, and unlocks the directory. */
  release(): Promise<void>;
}

/**
 * Locks a data directory for this process.
 * @throws StackError when another process is using it.
 */
export async function openDataDir(path: string): Promise<DataDir> {
  await mkdir(path, { recursive: true });
  const unlock = await acquireLock(join(path, LOCK));
  const logDir = join(path, 'log');
  const mailDir = join(path, 'mail');
  const remove = (names: readonly string[]) =>
    Promise.all(names.map((name) => rm(join(path, name), { recursive: true, force: true })));
  return {
    stackFile: join(path, 'stack.json'),
    envFile: join(path, 'dev.env'),
    mailDir,
    logFile: (part) => join(logDir, `${part}.log`),
    async prepare({ reset, cacheDir }) {
      const kept = new Set([LOCK, basename(cacheDir)]);
      await remove(reset ? (await readdir(path)).filter((name) => !kept.has(name)) : [...RUNNING, 'log']);
      await mkdir(logDir, { mode: 0o700 });
      await mkdir(mailDir, { mode: 0o700, recursive: true });
    },
    async release() {
      await remove(RUNNING);
      await unlock();
    },
  };
}
