import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { StackError } from './error.ts';
import { nobodysId } from './postgres-user.ts';
import type { Command } from './tie.ts';

/** What a shell reads between double quotes. initdb puts its own path there when it starts `postgres`, and quotes nothing. */
const READ_BY_SHELLS = /["$`\\]/;

/**
 * Hands over a path of initdb that works: where a clone lies below a folder such as `$work`, that of a copy for the time.
 * @param initdb in the `bin` of PostgreSQL's folder
 */
export async function withPlainPath<T>(initdb: string, work: (initdb: string) => Promise<T>): Promise<T> {
  if (!READ_BY_SHELLS.test(initdb)) return await work(initdb);
  const copy = await mkdtemp(join(tmpdir(), 'atrium-postgres-'));
  try {
    // Root runs it as another user.
    await chmod(copy, 0o755);
    await cp(join(dirname(initdb), '..'), copy, { recursive: true, verbatimSymlinks: true });
    return await work(join(copy, 'bin', basename(initdb)));
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/**
 * The command line that runs initdb as a user who has a name, which it asks for. Containers may run as a uid without one:
 * in a user namespace of Linux it is `nobody` there, and its files are ours.
 * @throws StackError that says what to do, where the system gives no such namespace
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
