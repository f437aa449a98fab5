import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import {
  DefaultLogger,
  makeTelemetryFilterString,
  Runtime,
  Worker,
  type LogLevel,
  type WorkerStatus,
} from '@temporalio/worker';
import { EnvError, parseEnv, warningsOf, withLocalDefaults, WORKER_SETTINGS } from '../core/env/index.ts';
import { cached, within } from '../core/cached.ts';
import { createLog, type Log } from '../core/log/log.ts';
import { createMailer } from '../core/mail/mailer.ts';
import { createWorkerMetrics } from '../core/metrics/worker.ts';
import { startTracing } from '../core/tracing/start.ts';
import { readBacklog } from '../db/outbox/owner/backlog.ts';
import { createInTenant } from '../db/entering/owner/in-tenant.ts';
import { connectOwner } from '../db/connection/owner/connect.ts';
import { createPool } from '../db/connection/pool.ts';
import type { z } from 'zod';
import manifest from '../package.json' with { type: 'json' };
import { createActivities } from './activities/index.ts';
import { cachedBundle } from './bundle/cache.ts';
import { TASK_QUEUE } from './contract.ts';
import { listenForMetrics } from './metrics/listener.ts';
import { observeActivities, observeMailer } from './metrics/observe.ts';
import { BUNDLE_FILE } from './bundle/paths.ts';
import { startRelay } from './outbox/relay.ts';
import { ensureSchedules } from './schedules.ts';
import { startSealing } from './audit/sealing.ts';
import { KINDS } from './outbox/starts.ts';
import { connectTemporal } from './connect.ts';

/**
 * In ms: how long activities under way may take to end, once asked to, and when the worker ends without them. The
 * SDK's own `shutdownForceTime` ends in an uncaught IllegalStateError while a local activity runs.
 */
const GRACE = { end: 6_000, force: 8_000 } as const;

/** A second signal within this time is the first, come twice, in ms: a terminal's Ctrl-C may reach a process by two ways. */
const SAME_SIGNAL_MS = 1_000;

/** Tasks at once, by kind: the SDK's own defaults, said here because the metrics tell them. */
const SLOTS = { workflow: 40, activity: 100, local_activity: 100 } as const;

/** Connections at most for activities inside tenants. They are opened when they are needed. */
const TENANT_CONNECTIONS = 10;

/** How long an answer about what waits stands, and may take, in ms. */
const BACKLOG = { stands: 1_000, answer: 2_000 } as const;

async function main(): Promise<void> {
  const env = parseEnv(withLocalDefaults(process.env), WORKER_SETTINGS);
  const log = createLog({ name: 'worker', format: env.NODE_ENV === 'production' ? 'json' : 'pretty' });
  for (const warning of warningsOf(env)) log.warn(warning);
  await run(env, log).catch((error: unknown) => {
    log.fatal({ err: error }, 'the worker can not go on');
    process.exit(1);
  });
}

async function run(env: z.output<typeof WORKER_SETTINGS>, log: Log): Promise<void> {
  const production = env.NODE_ENV === 'production';
  // Before anything that may wait for long, as for a Temporal that does not answer.
  const stopping = onSignals(log);
  Runtime.install({
    // Its own handlers would swallow signals until there is a worker.
    shutdownSignals: [],
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => log[pinoLevel(level)](meta ?? {}, message)),
    // What its native part has to say goes the same way: by itself it would write to standard output, in colours.
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
    },
  });

  const tracing = await startTracing({
    endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
    ratio: env.OTEL_TRACES_SAMPLER_ARG,
    service: 'atrium-worker',
    version: manifest.version,
  });
  const connection = await connectTemporal(env, log);
  const client = new Client({ connection, namespace: env.TEMPORAL_NAMESPACE });
  const owner = connectOwner(env.DATABASE_OWNER_URL, { max: 10, name: 'atrium worker' });
  const pool = createPool(env.DATABASE_OWNER_URL, { max: TENANT_CONNECTIONS, name: 'atrium worker tenants' });
  const mailer = createMailer({ url: env.MAIL_URL, from: env.MAIL_FROM });
  const metrics = createWorkerMetrics({
    version: manifest.version,
    slots: SLOTS,
    slotsTaken: () => slotsTaken(worker.getStatus()),
    backlog: cached(BACKLOG.stands, () =>
      within(
        BACKLOG.answer,
        undefined,
        readBacklog(owner, KINDS).catch(() => undefined),
      ),
    ),
  });
  const worker = await Worker.create({
    connection,
    interceptors: { activity: [observeActivities({ log, metrics })] },
    maxConcurrentWorkflowTaskExecutions: SLOTS.workflow,
    maxConcurrentActivityTaskExecutions: SLOTS.activity,
    maxConcurrentLocalActivityExecutions: SLOTS.local_activity,
    namespace: env.TEMPORAL_NAMESPACE,
    taskQueue: TASK_QUEUE,
    activities: createActivities({
      owner,
      inTenant: createInTenant({ pool, owner }),
      mailer: observeMailer(mailer, metrics),
      secretKeys: env.SECRET_KEY,
      appUrl: env.APP_URL ?? env.PUBLIC_URL,
      auditRetentionDays: env.AUDIT_RETENTION_DAYS,
    }),
    shutdownGraceTime: GRACE.end,
    workflowBundle: {
      codePath: production && existsSync(BUNDLE_FILE) ? fileURLToPath(BUNDLE_FILE) : await cachedBundle(),
    },
  });

  const listener =
    env.WORKER_METRICS_PORT === undefined
      ? undefined
      : await listenForMetrics({ host: env.HOST, port: env.WORKER_METRICS_PORT, token: env.METRICS_TOKEN, metrics });

  const running = worker.run();
  stopping.drainBy(() => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
  });
  const relay = await startRelay({ owner, client, log });
  const sealing = startSealing({ owner, keys: env.SECRET_KEY, log, metrics });
  await ensureSchedules(client);
  log.info({ taskQueue: TASK_QUEUE }, 'worker ready');

  await running;
  await Promise.all([relay.stop(), sealing.stop()]);
  mailer.close();
  await Promise.all([listener?.close(), tracing.stop()]);
  await Promise.all([owner.end({ timeout: 5 }), pool.close()]);
  await connection.close();
}

/**
 * Ends the process at once when it is told to, as long as nothing is under way; and once there is a worker, lets that drain.
 * An error that nobody caught does the same.
 */
function onSignals(log: Log): { drainBy: (drain: () => void) => void } {
  let drain: (() => void) | undefined;
  let askedAt: number | undefined;
  let exitCode = 0;
  const stop = (cause: string, code = 0): void => {
    exitCode = Math.max(exitCode, code);
    process.exitCode = exitCode;
    if (askedAt !== undefined) {
      // An error changes how it ends, not when: what is under way may still end well.
      if (code !== 0) return;
      if (Date.now() - askedAt < SAME_SIGNAL_MS) return;
      log.warn({ cause }, 'told to stop again: the worker ends at once');
      process.exit(exitCode === 0 ? 130 : exitCode);
    }
    askedAt = Date.now();
    log.info({ cause }, 'draining');
    if (!drain) process.exit();
    drain();
    setTimeout(() => {
      // Temporal gives what is under way to another worker.
      log.warn('a step did not end in time: the worker ends without it');
      process.exit();
    }, GRACE.force).unref();
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  // Nobody knows what such an error has left behind: others take over, and this one goes.
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.fatal({ err: error }, 'an error that nobody caught');
      stop(event, 1);
    });
  }
  return {
    drainBy(how) {
      drain = how;
    },
  };
}

function slotsTaken(status: WorkerStatus) {
  return {
    workflow: status.numInFlightWorkflowActivations,
    activity: status.numInFlightNonLocalActivities,
    local_activity: status.numInFlightLocalActivities,
  };
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
