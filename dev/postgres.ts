import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import type { Spawn, StopStep } from './child.ts';
import { StackError } from './error.ts';
import type { Part } from './part.ts';
import { freePort } from './ports.ts';
import { findPostgres } from './postgres-binaries.ts';
import { clearLeftovers, ensureCluster, POSTGRES_SUPERUSER } from './postgres-cluster.ts';
import { findPostgresUser } from './postgres-user.ts';
import { since, waitFor } from './wait.ts';

const ATTEMPTS = 10;
const RETRY_MS = 500;
const READY_MS = 60_000;

// Errors that a retry solves. The processes of a killed PostgreSQL may hold its shared memory for a moment, and another
// process may take the port before PostgreSQL listens on it.
const PASSES = /lock file .* already exists|pre-existing shared memory block|could not bind|Address already in use/;

// For databases that last one test run: a crash of the operating system would end the run anyway.
const FAST = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'autovacuum_naptime=5min'];

/** INT ends the sessions and shuts down cleanly. TERM would wait for the clients to disconnect. */
export const STOP_POSTGRES: StopStep[] = [
  ['SIGINT', 10_000],
  ['SIGQUIT', 5000],
];

export interface PostgresOptions {
  readonly spawn: Spawn;
  /** The directory in which the cluster gets a folder of its own. */
  readonly dataDir: string;
  readonly logFile: string;
  readonly password: string;
  /** Whether to trade durability after a crash of the machine for speed. */
  readonly fast: boolean;
  readonly env: Record<string, string>;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal | undefined;
  readonly part: Part;
}

/**
 * Starts PostgreSQL on a free port of 127.0.0.1 and waits until it answers.
 * @returns the URL of the database `postgres`, for the superuser.
 * @throws StackError when it cannot be started.
 */
export async function startPostgres(options: PostgresOptions): Promise<string> {
  const { part, spawn, dataDir, logFile, password, fast, env, log, signal } = options;
  const start = performance.now();
  const { postgres: executable, initdb } = await findPostgres();
  const user = findPostgresUser(executable, dataDir);
  const dir = join(dataDir, 'postgres');
  await ensureCluster({ spawn, initdb, dir, user, password, fast, env, signal });

  for (let attempt = 1; ; attempt++) {
    await clearLeftovers(dir, log);
    const port = await freePort();
    const settings = [
      'listen_addresses=127.0.0.1',
      `port=${port}`,
      'unix_socket_directories=',
      'max_connections=200',
      'max_locks_per_transaction=256',
      'log_timezone=UTC',
      'timezone=UTC',
      ...(fast ? FAST : []),
    ];
    const child = spawn({
      command: [executable, '-D', dir, ...settings.flatMap((setting) => ['-c', setting])],
      env,
      cwd: '/',
      output: { file: logFile },
      onOurDeath: 'INT',
      user,
    });
    part.adopt(child);
    const adminUrl = `postgres://${POSTGRES_SUPERUSER}:${password}@127.0.0.1:${port}/postgres`;
    try {
      const version = await waitFor(() => askVersion(adminUrl), {
        what: 'PostgreSQL',
        child,
        timeoutMs: READY_MS,
        everyMs: 25,
        signal,
      });
      part.ready();
      log(`PostgreSQL ${version} ready on 127.0.0.1:${port} (${since(start)})`);
      return adminUrl;
    } catch (error) {
      await child.stop(...STOP_POSTGRES);
      if (attempt === ATTEMPTS || signal?.aborted || !PASSES.test(child.tail().join('\n'))) throw error;
      await sleep(RETRY_MS);
    }
  }
}

async function askVersion(url: string): Promise<string | undefined> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => {} });
  try {
    const [row] = await sql<{ server_version: string }[]>`show server_version`;
    return row?.server_version;
  } catch (error) {
    if (error instanceof postgres.PostgresError && error.code === '28P01') {
      throw new StackError(
        'PostgreSQL refuses the password in secrets.json; run `bun run dev --reset` to start with an empty database',
      );
    }
    return undefined;
  } finally {
    await sql.end({ timeout: 1 });
  }
}
