import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import type { z } from 'zod';
import { cached } from '../../core/cached.ts';
import type { WORKER_SETTINGS } from '../../core/env/index.ts';
import type { Log } from '../../core/log/log.ts';
import { createMailer } from '../../core/mail/mailer.ts';
import { createWorkerMetrics } from '../../core/metrics/worker.ts';
import { startTracing } from '../../core/tracing/start.ts';
import { within } from '../../core/timeout.ts';
import { assertPatchedDriver } from '../../db/connection/driver.ts';
import { connectOwner } from '../../db/connection/owner/connect.ts';
import { createPool } from '../../db/connection/pool.ts';
import { createInTenant } from '../../db/entering/owner/in-tenant.ts';
import { readBacklog } from '../../db/outbox/owner/backlog.ts';
import manifest from '../../package.json' with { type: 'json' };
import { createActivities } from '../activities/index.ts';
import { startSealing } from '../audit/seal-loop.ts';
import { cachedBundle } from '../bundle/cache.ts';
import { BUNDLE_FILE } from '../bundle/paths.ts';
import { connectTemporal } from '../connect.ts';
import { TASK_QUEUE } from '../contract.ts';
import { listenForMetrics } from '../metrics/listener.ts';
import { observeActivities, observeMailer } from '../metrics/observe.ts';
import { startRelay } from '../outbox/relay.ts';
import { KINDS } from '../outbox/starts.ts';
import { ensureSchedules } from '../schedules.ts';
import { installRuntime } from './runtime.ts';
import { SLOTS, slotsTaken } from './slots.ts';
import { GRACE, type Stopping } from './stopping.ts';

/** The largest number of connections for activities inside tenants. They are opened on demand. */
const TENANT_CONNECTIONS = 10;

/** How long a count of waiting outbox rows is reused, and how long counting may take, in ms. */
const BACKLOG = { stands: 1_000, answer: 2_000 } as const;

/** Runs the worker until a signal stops it. */
export async function runWorker(
  env: z.output<typeof WORKER_SETTINGS>,
  { log, stopping }: { log: Log; stopping: Stopping },
): Promise<void> {
  const production = env.NODE_ENV === 'production';
  assertPatchedDriver(production, (message) => log.warn(message));
  installRuntime(log);
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
        () => undefined,
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
