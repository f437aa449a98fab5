import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { StackError } from './error.ts';
import { nobodysId } from './postgres-user.ts';
import type { Command } from './tie.ts';

/** The characters that a shell interprets between double quotes. initdb puts its path there unescaped to start `postgres`. */
const READ_BY_SHELLS = /["$`\\]/;

/**
 * Calls `work` with a path of initdb that a shell reads unchanged. If the clone lies below a folder such as `$work`, that is
 * the path of a temporary copy.
 * @param initdb the path of initdb, in the `bin` of PostgreSQL's folder
 */
export async function withPlainPath<T>(initdb: string, work: (initdb: string) => Promise<T>): Promise<T> {
  if (!READ_BY_SHELLS.test(initdb)) return await work(initdb);
  const copy = await mkdtemp(join(tmpdir(), 'atrium-postgres-'));
  try {
    // If this process is root, another user runs the copy.
    await chmod(copy, 0o755);
    await cp(join(dirname(initdb), '..'), copy, { recursive: true, verbatimSymlinks: true });
    return await work(join(copy, 'bin', basename(initdb)));
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/**
 * Returns the command line that runs initdb as a user with a name, which initdb requires. Containers may run as a uid
 * without a name. Then initdb runs as `nobody` in a Linux user namespace, and its files still belong to the uid.
 * @throws StackError that says what to do, if the system allows no such namespace
 */
export function asNamedUser(command: Command): Command {
  if (spawnSync('id', ['-un'], { stdio: 'ignore' }).status === 0) return command;
  const ids = ['--map-user', String(nobodysId('-u')), '--map-group', String(nobodysId('-g'))];
  const enter = ['--user', ...ids, '--'];
  if (spawnSync('unshare', [...enter, 'true'], { stdio: 'ignore' }).status === 0) {
    return ['unshare', ...enter, ...command];
  }
  throw new StackError(
    `PostgreSQL's initdb needs the name of its user, but uid ${process.getuid?.()} has none; add it to /etc/passwd, or run this as another user`,
  );
}
