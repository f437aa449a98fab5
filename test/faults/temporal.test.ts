import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connectOwner, type Owner } from '../../db/connection/owner/connect.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { mailsTo } from '../support/mail.ts';
import { startOwnStack, type OwnStack } from '../support/own-stack.ts';
import { signUpTenant, freshEmail, freshSlug, type Founder } from '../support/people.ts';
import { waitFor } from '../support/wait.ts';
import { homeOf, lookAt } from '../support/workflow-homes.ts';

// Only the worker connects to Temporal.

let stack: OwnStack;
let proxy: FaultProxy;
let owner: Owner;
let founder: Founder;
beforeAll(async () => {
  stack = await startOwnStack(inject('stack'), { parts: ['server'] });
  const { port } = new URL(`tcp://${stack.temporalAddress}`);
  proxy = await startFaultProxy(Number(port));
  await stack.worker.start({ TEMPORAL_ADDRESS: `127.0.0.1:${proxy.port}` });
  founder = await signUpTenant(stack);
  owner = connectOwner(stack.databaseOwnerUrl, { max: 5, name: 'atrium test' });
});
afterAll(async () => {
  await owner.end({ timeout: 5 });
  await stack.remove();
  await proxy[Symbol.asyncDispose]();
});

/** Failures of Temporal: how to cause each one, and how to end it. */
const DEATHS: [string, () => Promise<void> | void, () => Promise<void> | void][] = [
  ['is frozen', () => proxy.freeze(), () => proxy.thaw()],
  [
    'refuses connections',
    async () => {
      await proxy.refuse();
      proxy.reset();
    },
    () => proxy.accept(),
  ],
  // Temporal starts the workflow, but the worker gets no answer.
  ['breaks off before it answers', () => proxy.cutAfter(0), () => proxy.cutAfter(Number.POSITIVE_INFINITY)],
];

test.each(DEATHS)(
  'while Temporal %s tenants can be created, and each is provisioned exactly once afterwards',
  async (_, die, live) => {
    const worker = stack.worker.pid;
    const failures = () => stack.lines.filter((line) => line.includes('could not be relayed')).length;
    const before = failures();
    const email = freshEmail();
    const slug = freshSlug('second');
    await die();
    const founding = signUpTenant(stack, { email });
    try {
      await founder.client.tenants.create.mutate({ name: 'Second', slug });
      const { id } = await founder.client.projects.create.mutate({ name: slug });
      expect(await founder.client.projects.get.query({ id })).toMatchObject({ name: slug });
      const queued = await waitFor('both to be queued', async () => {
        // A product may queue rows of its own kinds.
        const rows = await owner<{ kind: string }[]>`
          select kind from public.outbox where kind in ('email.send', 'tenant.provision') order by kind`;
        return rows.length === 3 && rows.map(({ kind }) => kind);
      });
      expect(queued).toEqual(['email.send', 'tenant.provision', 'tenant.provision']);
      expect(await founder.client.tenants.status.query({ slug })).toMatchObject({ status: 'provisioning' });
      await waitFor('a try to fail', () => failures() > before);
    } finally {
      await live();
    }
    const founded = await founding;
    for (const one of [founded.slug, slug]) {
      const home = await homeOf(owner, one);
      await waitFor(`${one} to be ready`, async () => (await lookAt(owner, home)).status === 'ready', 30_000);
      expect(await lookAt(owner, home)).toMatchObject({ status: 'ready', audit: ['success'] });
    }
    expect(await mailsTo(stack.mailDir, email)).toHaveLength(1);
    await waitFor('the outbox to be empty', async () => (await owner`select from public.outbox`).length === 0);
    expect(stack.worker.pid).toBe(worker);
  },
  120_000,
);

test('a tenant is provisioned exactly once although connections to Temporal are reset again and again', async () => {
  const worker = stack.worker.pid;
  const founding = signUpTenant(stack);
  let over = false;
  const end = (): void => {
    over = true;
  };
  founding.then(end, end);
  for (let turn = 0; turn < 10 && !over; turn++) {
    proxy.reset();
    await pause(100);
  }
  const { slug, email } = await founding;
  expect(await lookAt(owner, await homeOf(owner, slug))).toMatchObject({ status: 'ready', audit: ['success'] });
  expect(await mailsTo(stack.mailDir, email)).toHaveLength(1);
  expect(stack.worker.pid).toBe(worker);
  // The SDK's native part has logged a lot by now. Its lines must be in the worker's log, without colour codes.
  expect(stack.lines.filter((line) => line.includes('\u001b'))).toEqual([]);
}, 60_000);
