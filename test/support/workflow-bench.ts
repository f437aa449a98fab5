import { randomUUID } from 'node:crypto';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import {
  bundleWorkflowCode,
  DefaultLogger,
  makeTelemetryFilterString,
  NativeConnection,
  Runtime,
  Worker,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import { parseEnv, WORKER_SETTINGS } from '../../core/env/index.ts';
import { createInTenant } from '../../db/entering/owner/in-tenant.ts';
import { connectOwner, type Owner } from '../../db/connection/owner/connect.ts';
import { createPool } from '../../db/connection/pool.ts';
import { createActivities } from '../../workflows/activities/index.ts';
import { cachedBundle } from '../../workflows/bundle/cache.ts';
import type { SharedStack } from './global-setup.ts';
import { withFaults, type Faults } from './workflow-faults.ts';

// Only errors: these tests cause failures on purpose, and the warnings of the SDK would hide other output.
const logger = new DefaultLogger('ERROR');
Runtime.install({ logger, telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } } });

/** The worker identity in recorded histories. The default would contain the host name. */
const IDENTITY = 'atrium-test';

/** A worker for one test file, with all workflows and activities and a task queue of its own. */
export interface Bench {
  owner: Owner;
  client: Client;
  /** Starts a workflow on this worker. */
  start(workflow: string, workflowId: string, ...args: unknown[]): Promise<WorkflowHandle>;
  close(): Promise<void>;
}

/** Bundles another module whose exports are workflows. */
export async function bundleWorkflows(workflowsPath: string): Promise<WorkflowBundleOption> {
  return await bundleWorkflowCode({ workflowsPath, logger });
}

/** @returns the bundle of all workflows, as the worker runs them */
export async function productBundle(): Promise<WorkflowBundleOption> {
  return { codePath: await cachedBundle() };
}

/**
 * Runs the real workflows and activities on the shared PostgreSQL and Temporal. No mail is sent.
 * @param faults the faults to inject, by the tenant that is provisioned
 */
export async function openBench(stack: SharedStack, faults: Faults = new Map()): Promise<Bench> {
  const {
    SECRET_KEY: secretKeys,
    PUBLIC_URL: appUrl,
    AUDIT_RETENTION_DAYS: auditRetentionDays,
  } = parseEnv(stack.env, WORKER_SETTINGS);
  const mailer = { send: () => Promise.resolve(), close: () => undefined };
  const owner = connectOwner(stack.databaseOwnerUrl, { max: 10, name: 'atrium test bench' });
  const pool = createPool(stack.databaseOwnerUrl, { max: 2, name: 'atrium test bench' });
  const inTenant = createInTenant({ pool, owner });
  const address = stack.temporalAddress;
  const [connection, native, workflowBundle] = await Promise.all([
    Connection.connect({ address }),
    NativeConnection.connect({ address }),
    productBundle(),
  ]);
  const taskQueue = `test-${randomUUID()}`;
  const worker = await Worker.create({
    connection: native,
    taskQueue,
    identity: IDENTITY,
    activities: withFaults(
      createActivities({ owner, inTenant, mailer, secretKeys, appUrl, auditRetentionDays }),
      faults,
    ),
    workflowBundle,
  });
  const running = worker.run();
  const client = new Client({ connection, identity: IDENTITY });
  return {
    owner,
    client,
    start: (workflow, workflowId, ...args) => client.workflow.start(workflow, { taskQueue, workflowId, args }),
    async close() {
      worker.shutdown();
      await running;
      await Promise.all([connection.close(), native.close(), owner.end({ timeout: 5 }), pool.close()]);
    },
  };
}
