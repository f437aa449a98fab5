import { Client, Connection } from '@temporalio/client';
import { afterAll, expect, inject, test } from 'vitest';
import { PROVISIONING_STEPS, type ProvisioningStep } from '../../core/tenancy/provisioning.ts';
import { connectOwner } from '../../db/connection/owner/connect.ts';
import type { TenantHome } from '../../db/tenancy/owner/provision.ts';
import { provisionWorkflowId } from '../../workflows/contract.ts';
import { startOwnStack } from '../support/own-stack.ts';
import { signUpTenant, freshEmail, freshSlug } from '../support/people.ts';
import { waitFor } from '../support/wait.ts';
import { hold, HOLDS } from '../support/workflow-holds.ts';
import { homeOf, lookAt } from '../support/workflow-homes.ts';

const stack = await startOwnStack(inject('stack'));
const owner = connectOwner(stack.databaseOwnerUrl, { max: 12, name: 'atrium test' });
const connection = await Connection.connect({ address: stack.temporalAddress });
const { workflow } = new Client({ connection });
afterAll(async () => {
  await connection.close();
  await owner.end({ timeout: 5 });
  await stack.remove();
});

test('a worker killed within any step of provisioning leaves no tenant stuck and nothing orphaned', async () => {
  const { client } = await signUpTenant(stack);
  await stack.worker.kill('SIGKILL');
  const tenants: { step: ProvisioningStep | 'undoing'; home: TenantHome }[] = [];
  for (const step of [...PROVISIONING_STEPS, 'undoing'] as const) {
    const slug = freshSlug(step);
    await client.tenants.create.mutate({ name: step, slug });
    tenants.push({ step, home: await homeOf(owner, slug) });
  }
  const holds = [];
  for (const { step, home } of tenants) {
    // No retry helps against a foreign schema. A lock on the audit log blocks the last undo step, as for `ready`.
    if (step === 'undoing') await owner`create schema ${owner(home.schemaName)}`;
    else holds.push(await HOLDS[step](owner, home));
  }

  await stack.worker.start();
  for (const held of holds) await held.blocksSomeone();
  await waitFor('the undoing to be under way', async () => {
    const undone = tenants.find(({ step }) => step === 'undoing');
    const found = undone && (await lookAt(owner, undone.home));
    return found?.step === 'schema' && !found.role;
  });
  await stack.worker.kill('SIGKILL');
  for (const held of holds) await held.release();
  await stack.worker.start();

  for (const { step, home } of tenants) {
    // Temporal notices after 10 s that a worker is gone.
    await waitFor(`${step} to end`, async () => (await lookAt(owner, home)).status !== 'provisioning', 40_000);
    expect(await lookAt(owner, home), step).toMatchObject(
      step === 'undoing'
        ? { status: 'failed', role: false, audit: ['failure'] }
        : { status: 'ready', role: true, schema: true, audit: ['success'] },
    );
    if (step === 'undoing') await owner`drop schema ${owner(home.schemaName)}`;
  }
  expect(await orphans()).toEqual([]);
}, 120_000);

test('a worker that is killed before it deletes relayed rows starts no workflow twice', async () => {
  const { client } = await signUpTenant(stack);
  await stack.worker.kill('SIGKILL');
  const [failingSlug, email] = [freshSlug(), freshEmail()];
  await client.tenants.create.mutate({ name: 'Failing', slug: failingSlug });
  const failing = await homeOf(owner, failingSlug);
  await owner`create schema ${owner(failing.schemaName)}`;
  const founding = signUpTenant(stack, { email });
  await waitFor(
    'the sign-up',
    async () => (await owner`select from public.sign_ups where email = ${email}`).length > 0,
  );

  // With this lock rows can be read and workflows started, but no row can be deleted.
  const held = await hold(owner, (tx) => tx`lock table public.outbox in share mode`);
  await stack.worker.start();
  const { slug } = await founding;
  await waitFor('the failure', async () => (await lookAt(owner, failing)).status === 'failed');
  await held.blocksSomeone();
  await stack.worker.kill('SIGKILL');
  await held.release();
  // Without the foreign schema a second run would succeed.
  await owner`drop schema ${owner(failing.schemaName)}`;
  expect(await owner`select kind from public.outbox order by kind`).toEqual([
    { kind: 'email.send' },
    { kind: 'tenant.provision' },
    { kind: 'tenant.provision' },
  ]);

  await stack.worker.start();
  await waitFor('the outbox to be empty', async () => (await owner`select from public.outbox`).length === 0);
  const founded = await homeOf(owner, slug);
  await Promise.all([failing, founded].map(({ tenantId }) => endOf(provisionWorkflowId(tenantId))));
  expect(await lookAt(owner, founded)).toMatchObject({ status: 'ready', audit: ['success'] });
  expect(await lookAt(owner, failing)).toMatchObject({ status: 'failed', audit: ['failure'] });
  // Temporal lists a run a moment after its start.
  const signUps = (await owner`select from public.sign_ups`).length;
  await waitFor('all mailings to be told', async () => (await mailings()) >= signUps);
  expect(await mailings()).toBe(signUps);
  expect(await orphans()).toEqual([]);
}, 60_000);

/** @returns schemas and roles that belong to no ready tenant */
async function orphans(): Promise<string[]> {
  const found = await owner<{ name: string }[]>`
    select nspname as name from pg_namespace where nspname like 'tenant\\_%'
      and nspname not in (select schema_name from public.tenants where status = 'ready')
    union all
    select rolname from pg_roles where rolname like 't\\_%'
      and rolname not in (select db_role from public.tenants where status = 'ready')`;
  return found.map(({ name }) => name);
}

/** Waits until the newest run of a workflow has ended with any result. */
async function endOf(workflowId: string): Promise<void> {
  await workflow
    .getHandle(workflowId)
    .result()
    .catch(() => undefined);
}

/** @returns the number of runs of sendEmail */
async function mailings(): Promise<number> {
  return (await workflow.count(`WorkflowType = 'sendEmail'`)).count;
}
