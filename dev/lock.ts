import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { hasCode, StackError } from './error.ts';
import { beginningOf, isAlive } from './process-info.ts';

/**
 * Locks a data directory for this process. The lock ends with the process at the latest.
 * @returns a function that unlocks it.
 * @throws StackError when another process holds the lock.
 */
export async function acquireLock(path: string): Promise<() => Promise<void>> {
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${process.pid}\n${beginningOf(process.pid) ?? ''}\n`, { mode: 0o600 });
  try {
    for (;;) {
      // link() creates the file with its content in one step, and fails if the file exists.
      const taken = await link(draft, path).then(
        () => false,
        (error: unknown) => {
          if (hasCode(error, 'EEXIST')) return true;
          throw error;
        },
      );
      if (!taken) return () => rm(path, { force: true });
      const [pid, beginning] = (await readFile(path, 'utf8').catch(() => '')).split('\n');
      if (pid && isAlive(Number(pid)) && beginningOf(Number(pid)) === beginning) {
        throw new StackError(`the stack of this clone is already running (pid ${pid}); stop it first: kill ${pid}`);
      }
      await rm(path, { force: true });
    }
  } finally {
    await rm(draft, { force: true });
  }
}
