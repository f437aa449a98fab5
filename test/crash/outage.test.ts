import { fileURLToPath } from 'node:url';
import { afterAll, expect, inject, test } from 'vitest';
import type { TenantHome } from '../../db/tenancy/owner/provision.ts';
import { createSpawn, type Child } from '../../dev/child.ts';
import { STOP_PROCESS } from '../../dev/processes.ts';
import type { ProvisioningStep } from '../../core/tenancy/provisioning.ts';
import { connectOwner } from '../../db/connection/owner/connect.ts';
import { mailsTo } from '../support/mail.ts';
import { startOwnStack } from '../support/own-stack.ts';
import { signUpTenant, freshEmail, freshSlug, type Founder } from '../support/people.ts';
import { waitFor } from '../support/wait.ts';
import { HOLDS, holdRow, type Hold } from '../support/workflow-holds.ts';
import { homeOf, lookAt } from '../support/workflow-homes.ts';

const stack = await startOwnStack(inject('stack'));
const owner = connectOwner(stack.databaseOwnerUrl, { max: 5, name: 'atrium test' });
afterAll(async () => {
  await owner.end({ timeout: 5 });
  await stack.remove();
});

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let founder: Founder;

test('a sign-up made while Temporal is down is answered, and comes to a tenant and one mail once it is back', async () => {
  const worker = stack.worker.pid;
  await stack.temporal.stop();
  const email = freshEmail();
  const founding = signUpTenant(stack, { email });
  const kinds = await waitFor('the sign-up to be queued', async () => {
    const rows = await owner<{ kind: string }[]>`select kind from public.outbox order by kind`;
    return rows.length > 0 && rows.map(({ kind }) => kind);
  });
  expect(kinds).toEqual(['email.send', 'tenant.provision']);

  await stack.temporal.start();
  founder = await founding;
  expect(stack.worker.pid).toBe(worker);
  await waitFor('the outbox to be empty', async () => (await owner`select from public.outbox`).length === 0);
  expect(await lookAt(owner, await homeOf(owner, founder.slug))).toMatchObject({ status: 'ready', audit: ['success'] });
  expect(await mailsTo(stack.mailDir, email)).toHaveLength(1);
}, 120_000);

test('a step whose database connection breaks is repeated, by a worker that lives on', async () => {
  await stack.worker.kill('SIGTERM');
  const { home, held } = await provisioningHeldAt('role');
  // The note about the step fails while the step itself is still running.
  const row = await holdRow(owner, home);
  await stack.worker.start();
  const worker = stack.worker.pid;
  await row.blocksSomeone();
  await row.cutOff();
  await row.release();
  await held.release();

  await waitUntilReady(home);
  expect(stack.worker.pid).toBe(worker);
}, 120_000);

test('a worker whose transactions PostgreSQL terminates one after the other keeps running and completes its work', async () => {
  const worker = stack.worker.pid;
  const slugs = Array.from({ length: 4 }, () => freshSlug('ended'));
  for (const slug of slugs) {
    await founder.client.tenants.create.mutate({ name: 'Ended', slug });
    await endTransactions(5);
  }
  for (const slug of slugs) await waitUntilReady(await homeOf(owner, slug));
  expect(stack.worker.pid).toBe(worker);
}, 180_000);

/**
 * Terminates this many of the worker's transactions. A loop inside PostgreSQL looks for them every few milliseconds, because
 * most of them end before a test could see them.
 */
async function endTransactions(count: number): Promise<void> {
  await owner.begin(async (tx) => {
    await tx.unsafe(`
      create function pg_temp.end_transactions(most int) returns int language plpgsql as $$
      declare
        ended int := 0;
        until timestamptz := clock_timestamp() + interval '40 s';
      begin
        while ended < most and clock_timestamp() < until loop
          perform pg_catalog.pg_stat_clear_snapshot();
          select ended + count(*) filter (where done) into ended from (
            select pg_catalog.pg_terminate_backend(pid) as done from pg_catalog.pg_stat_activity
            where application_name = 'atrium worker' and xact_start is not null) t;
          perform pg_catalog.pg_sleep(0.003);
        end loop;
        return ended;
      end $$`);
    const [row] = await tx<{ ended: number }[]>`select pg_temp.end_transactions(${count}) as ended`;
    expect(row?.ended).toBeGreaterThanOrEqual(count);
    await tx`drop function pg_temp.end_transactions`;
  });
}

test('SIGTERM ends an idle worker cleanly', async () => {
  await stack.worker.kill('SIGKILL');
  const worker = await startWorker();
  expect(await terminate(worker)).toBe(0);
}, 120_000);

test('SIGTERM lets a running step finish', async () => {
  const { home, held } = await provisioningHeldAt('migrations');
  const worker = await startWorker();
  await held.blocksSomeone();
  const ending = terminate(worker);
  await held.release();
  expect(await ending).toBe(0);

  await stack.worker.start();
  await waitUntilReady(home);
  await stack.worker.kill('SIGKILL');
}, 120_000);

test('SIGTERM ends a worker whose step does not finish, and another worker executes that step', async () => {
  const { home, held } = await provisioningHeldAt('role');
  const worker = await startWorker();
  await held.blocksSomeone();
  const code = await terminate(worker);
  await held.release();
  expect(code).toBe(0);

  await stack.worker.start();
  await waitUntilReady(home);
  await stack.worker.kill('SIGKILL');
}, 120_000);

test('a second signal that comes a second later ends a worker at once', async () => {
  const { home, held } = await provisioningHeldAt('role');
  const worker = await startWorker();
  await held.blocksSomeone();
  worker.kill('SIGTERM');
  const again = setInterval(() => worker.kill('SIGTERM'), 1_200);
  const code = await worker.exited;
  clearInterval(again);
  await held.release();
  expect(code).toBe(130);

  await stack.worker.start();
  await waitUntilReady(home);
  await stack.worker.kill('SIGKILL');
}, 120_000);

test('SIGTERM ends a worker whose Temporal is down', async () => {
  const worker = await startWorker();
  await stack.temporal.stop();
  expect(await terminate(worker)).toBe(0);
}, 120_000);

/** Registers a tenant whose provisioning is blocked at this step. */
async function provisioningHeldAt(step: ProvisioningStep): Promise<{ home: TenantHome; held: Hold }> {
  const slug = freshSlug(step);
  await founder.client.tenants.create.mutate({ name: step, slug });
  const home = await homeOf(owner, slug);
  return { home, held: await HOLDS[step](owner, home) };
}

async function waitUntilReady(home: TenantHome): Promise<void> {
  await waitFor('the tenant to be ready', async () => (await lookAt(owner, home)).status === 'ready', 40_000);
}

/** Starts a worker whose exit code the test can read. The stack's own worker is stopped. */
async function startWorker(): Promise<Child> {
  let ready = false;
  const worker = createSpawn()({
    command: [process.execPath, '--import', 'tsx', 'workflows/worker.ts'],
    cwd: ROOT,
    env: stack.env,
    output: { line: (line) => (ready ||= line.includes('worker ready')) },
    onOurDeath: 'KILL',
  });
  try {
    await waitFor('the worker', () => ready || worker.ended(), 60_000);
  } catch (error) {
    // Otherwise it would run workflows of later tests.
    worker.kill('SIGKILL');
    throw error;
  }
  return worker;
}

/** Terminates a worker with the same timeout as the stack. @returns its exit code, or null if it had to be killed */
async function terminate(worker: Child): Promise<number | null> {
  await worker.stop(...STOP_PROCESS);
  return await worker.exited;
}
