import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run, type Spawn } from './child.ts';
import { StackError } from './error.ts';
import { asNamedUser, withPlainPath } from './initdb.ts';
import { commandOf, isAlive } from './process-info.ts';
import type { Command, OsUser } from './tie.ts';

const MAJOR = '18';
const INIT_TIMEOUT_MS = 60_000;
const LEFTOVER_MS = 10_000;

/** The superuser of the cluster. */
export const POSTGRES_SUPERUSER = 'postgres';

/**
 * Makes sure that the data directory `dir` holds a database cluster.
 * @throws StackError when initdb fails, or the cluster has another major version.
 */
export async function ensureCluster(options: {
  spawn: Spawn;
  initdb: string;
  dir: string;
  user: OsUser | undefined;
  password: string;
  fast: boolean;
  env: Record<string, string>;
  signal: AbortSignal | undefined;
}): Promise<void> {
  const { dir, user } = options;
  const version = await readFile(join(dir, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (version?.trim() === MAJOR) return;
  if (version !== undefined) {
    throw new StackError(
      `${dir} was made by PostgreSQL ${version.trim()}, but this is PostgreSQL ${MAJOR}; run \`bun run dev --reset\` to start with an empty database`,
    );
  }

  // Created under another name first, so that an interrupted initdb leaves nothing that looks like a cluster.
  const draft = `${dir}.new`;
  const passwordFile = join(dirname(dir), 'postgres.password');
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  await writeFile(passwordFile, options.password, { mode: 0o600 });
  if (user) await Promise.all([draft, passwordFile].map((path) => chown(path, user.uid, user.gid)));
  try {
    const { code, output } = await withPlainPath(options.initdb, (initdb) => {
      const command: Command = [
        initdb,
        ...['--pgdata', draft, '--username', POSTGRES_SUPERUSER, '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
        // The built-in locale is the same on every machine.
        ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
        '--no-instructions',
        ...(options.fast ? ['--no-sync'] : []),
      ];
      const { env, signal } = options;
      return run(options.spawn, user ? command : asNamedUser(command), {
        ...{ env, signal, user },
        timeoutMs: INIT_TIMEOUT_MS,
        cwd: '/',
      });
    });
    options.signal?.throwIfAborted();
    if (code !== 0)
      throw new StackError('PostgreSQL could not create its data directory (initdb failed)', output.split('\n'));
    await rename(draft, dir);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/**
 * Cleans up after an earlier server on this data directory. A server that still runs is stopped. A lock file is removed if
 * its process has ended, or if its id now belongs to another process. The caller must hold the directory's lock.
 */
export async function clearLeftovers(dir: string, log: (line: string) => void): Promise<void> {
  const lockFile = join(dir, 'postmaster.pid');
  const pid = Number.parseInt(await readFile(lockFile, 'utf8').catch(() => ''), 10);
  if (Number.isNaN(pid)) return;
  const isPostgres = () => isAlive(pid) && commandOf(pid)?.includes('postgres') === true;
  const isOurs = () => isPostgres() && commandOf(pid)?.includes(dir) === true;
  if (isOurs()) {
    log(`an earlier run left PostgreSQL behind (pid ${pid}); waiting for it to stop`);
    for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
      const start = performance.now();
      if (isOurs()) process.kill(pid, signal);
      while (isOurs() && performance.now() - start < LEFTOVER_MS) await sleep(50);
    }
    if (isOurs())
      throw new StackError(`PostgreSQL (pid ${pid}) of an earlier run does not stop; stop it yourself: kill ${pid}`);
  }
  if (!isPostgres()) await rm(lockFile, { force: true });
}
