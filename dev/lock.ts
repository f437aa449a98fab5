import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { hasCode, StackError } from './error.ts';
import { beginningOf, isAlive } from './process-info.ts';

/**
 * Makes us the only stack on a data directory, until the function that it returns is called or we die.
 * @throws StackError when another process is.
 */
export async function acquireLock(path: string): Promise<() => Promise<void>> {
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${process.pid}\n${beginningOf(process.pid) ?? ''}\n`, { mode: 0o600 });
  try {
    for (;;) {
      // A link appears with its content, and only where nothing is.
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
