import { fileURLToPath } from 'node:url';
import { createSpawn } from './child.ts';
import { openDataDir, type DataDir } from './data-dir.ts';
import { startDatabase } from './database.ts';
import { toDotEnv, withoutSettings } from './environment.ts';
import { createLife, type Life } from './life.ts';
import { findNode } from './node.ts';
import { assertPortFree, freePort } from './ports.ts';
import { writePrivate } from './private-file.ts';
import { createServer, createWorker } from './processes.ts';
import { loadSecrets } from './secrets.ts';
import { openTemporal } from './temporal-service.ts';
import { together } from './together.ts';
import type { Stack, StackFile, StackOptions } from './types.ts';

const SUPERUSER_EMAIL = 'root@atrium.localhost';
/** The folder for downloaded executables, for all stacks of this clone. */
export const CACHE_DIR = fileURLToPath(new URL('../.local/bin', import.meta.url));

/**
 * Starts PostgreSQL with a migrated and seeded database, Temporal, the worker and the server. They end with this process,
 * even if it is killed.
 * @throws StackError that says in one line what is missing or failed; nothing is left running then.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const data = await openDataDir(options.dataDir);
  const life = createLife(options.signal, () => data.release());
  try {
    return await start(options, data, life);
  } catch (error) {
    life.failing.abort(error);
    await life.stop();
    // The first failure: the others follow from it.
    throw life.failing.signal.reason;
  }
}

async function start(options: StackOptions, data: DataDir, life: Life): Promise<Stack> {
  const { dataDir, cacheDir = CACHE_DIR, reset = false, log, fast = false, extraEnv = {} } = options;
  const { parts = ['server', 'worker'] } = options;
  if (options.port !== 0) await assertPortFree(options.port);
  await data.prepare({ reset, cacheDir });
  const { signal } = life.failing;
  const base = withoutSettings(options.env);
  const spawn = createSpawn();
  const node = await findNode(spawn, base);
  const secrets = await loadSecrets(dataDir);
  const superuser = { email: SUPERUSER_EMAIL, password: secrets.superuserPassword };
  const common = { spawn, dataDir, env: base, log, signal };

  const [database, temporal] = await together(
    life.failing,
    startDatabase({ ...common, part: life.postgres, logFile: data.logFile('postgres'), fast, secrets, superuser }),
    openTemporal({
      ...common,
      part: life.temporal,
      address: extraEnv['TEMPORAL_ADDRESS'],
      namespace: extraEnv['TEMPORAL_NAMESPACE'] ?? 'default',
      cacheDir,
      inMemory: options.temporalInMemory ?? fast,
      logFile: data.logFile('temporal'),
      node,
    }),
  );

  // A free port is chosen as late as possible: until the server listens on it, another process may take it.
  const port = options.port === 0 ? await freePort() : options.port;
  const url = `http://localhost:${port}`;
  const made = {
    NODE_ENV: options.nodeEnv ?? 'development',
    PORT: String(port),
    HOST: '127.0.0.1',
    PUBLIC_URL: url,
    DATABASE_URL: database.databaseUrl,
    DATABASE_OWNER_URL: database.databaseOwnerUrl,
    TEMPORAL_ADDRESS: temporal.address,
    JWT_KEYS: secrets.jwtKeys,
    SECRET_KEY: secrets.secretKey,
    MAIL_URL: `file:${data.mailDir}`,
    RATE_LIMIT_URL: 'memory:',
    // No load balancer has to notice the shutdown.
    DRAIN_SECONDS: '0',
    ...(fast && { RATE_LIMIT_FACTOR: '100000' }),
    SUPERUSER_EMAILS: superuser.email,
  };
  await writePrivate(data.envFile, toDotEnv(made));
  const env = { ...base, ...made, ...extraEnv };

  const worker = createWorker({ part: life.worker, spawn, env, log }, node);
  const server = createServer({ part: life.server, spawn, env, log }, options.bun);
  await together(
    life.failing,
    parts.includes('worker') ? worker.start({}, signal) : Promise.resolve(),
    parts.includes('server') ? server.start({}, signal) : Promise.resolve(),
  );

  const file: StackFile = {
    url,
    databaseUrl: database.databaseUrl,
    databaseOwnerUrl: database.databaseOwnerUrl,
    temporalAddress: temporal.address,
    temporalUiUrl: temporal.uiUrl,
    mailDir: data.mailDir,
    superuser,
  };
  await writePrivate(data.stackFile, `${JSON.stringify(file, null, 2)}\n`);
  const { databaseAdminUrl } = database;
  return { ...file, databaseAdminUrl, env, temporal, worker, server, exited: life.exited, stop: () => life.stop() };
}
