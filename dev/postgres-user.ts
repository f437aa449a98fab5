import { spawnSync } from 'node:child_process';
import { StackError } from './error.ts';
import { findTie, userFlags, type OsUser } from './tie.ts';

const NAME = 'nobody';

/**
 * Finds the user that PostgreSQL must run as: undefined for the current user, or `nobody` if the current user is root. If
 * the clone lies below a directory that others cannot enter, such as root's home, `nobody` gets one Linux capability.
 * @param executable the path of one of PostgreSQL's executables.
 * @param directory the data directory; it must exist.
 * @throws StackError when `nobody` cannot reach both of them.
 */
export function findPostgresUser(executable: string, directory: string): OsUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const by = findTie() === 'pdeathsig' ? 'setpriv' : 'spawn';
  const user: OsUser = { uid: nobodysId('-u'), gid: nobodysId('-g'), by };
  if (by === 'spawn') return user;
  const candidates: OsUser[] = [
    user,
    { ...user, capability: 'dac_read_search' },
    // Containers usually have this capability and not the weaker one above.
    { ...user, capability: 'dac_override' },
  ];
  const found = candidates.find((candidate) => reaches(candidate, executable, directory));
  if (found) return found;
  throw new StackError(
    `PostgreSQL refuses to run as root, and the user ${NAME} cannot reach ${directory}: ` +
      'move the clone to a directory that every user can read, or run this as another user',
  );
}

/** @returns the uid or gid of `nobody`. @throws StackError when there is no such user */
export function nobodysId(flag: '-u' | '-g'): number {
  const { stdout } = spawnSync('id', [flag, NAME], { encoding: 'utf8' });
  const id = Number.parseInt(stdout, 10);
  if (Number.isNaN(id))
    throw new StackError(
      `PostgreSQL refuses to run as root, and there is no user ${NAME} to run it as; run this as another user`,
    );
  return id;
}

function reaches(user: OsUser, executable: string, directory: string): boolean {
  const script = '"$1" --version >/dev/null && cd "$2"';
  const flags = [...userFlags(user), '--', '/bin/sh', '-c', script, 'sh', executable, directory];
  return spawnSync('setpriv', flags, { stdio: 'ignore' }).status === 0;
}
