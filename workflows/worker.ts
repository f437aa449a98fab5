import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker, type LogLevel } from '@temporalio/worker';
import { EnvError, parseEnv, withLocalDefaults, WORKER_SETTINGS } from '../core/env/index.ts';
import { createLog } from '../core/log.ts';
import { createMailer } from '../core/mail.ts';
import { connectOwner } from '../db/owner.ts';
import { createActivities } from './activities/index.ts';
import { cachedBundle } from './bundle-cache.ts';
import { TASK_QUEUE } from './contract.ts';
import { BUNDLE_FILE } from './paths.ts';
import { startRelay } from './relay.ts';
import { ensureSchedules } from './schedules.ts';
import { connectTemporal } from './temporal.ts';

/**
 * In ms: how long activities under way may take to end, once asked to, and when the worker ends without them. The
 * SDK's own `shutdownForceTime` ends in an uncaught IllegalStateError while a local activity runs.
 */
const GRACE = { end: 6_000, force: 8_000 } as const;

async function main(): Promise<void> {
  const env = parseEnv(withLocalDefaults(process.env), WORKER_SETTINGS);
  const production = env.NODE_ENV === 'production';
  const log = createLog({ name: 'worker', format: production ? 'json' : 'pretty' });
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => log[pinoLevel(level)](meta ?? {}, message)),
  });

  const connection = await connectTemporal(env, log);
  const client = new Client({ connection, namespace: env.TEMPORAL_NAMESPACE });
  const owner = connectOwner(env.DATABASE_OWNER_URL, { max: 10, name: 'atrium worker' });
  const mailer = createMailer({ url: env.MAIL_URL, from: env.MAIL_FROM });
  const worker = await Worker.create({
    connection,
    namespace: env.TEMPORAL_NAMESPACE,
    taskQueue: TASK_QUEUE,
    activities: createActivities({ owner, mailer, secretKeys: env.SECRET_KEY, publicUrl: env.PUBLIC_URL }),
    shutdownGraceTime: GRACE.end,
    workflowBundle: {
      codePath: production && existsSync(BUNDLE_FILE) ? fileURLToPath(BUNDLE_FILE) : await cachedBundle(),
    },
  });

  const stop = (): void => {
    if (worker.getState() !== 'RUNNING') return;
    worker.shutdown();
    setTimeout(() => {
      // Temporal gives what is under way to another worker.
      log.warn('a step did not end in time: the worker ends without it');
      process.exit(0);
    }, GRACE.force).unref();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  const running = worker.run();
  const relay = await startRelay({ owner, client, log });
  await ensureSchedules(client);
  log.info({ taskQueue: TASK_QUEUE }, 'worker ready');

  await running;
  await relay.stop();
  mailer.close();
  await owner.end({ timeout: 5 });
  await connection.close();
}

function pinoLevel(level: LogLevel): 'trace' | 'debug' | 'info' | 'warn' | 'error' {
  switch (level) {
    case 'TRACE':
      return 'trace';
    case 'DEBUG':
      return 'debug';
    case 'INFO':
      return 'info';
    case 'WARN':
      return 'warn';
    case 'ERROR':
      return 'error';
  }
}

main().catch((error: unknown) => {
  process.stderr.write(
    `${error instanceof EnvError ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exit(1);
});
