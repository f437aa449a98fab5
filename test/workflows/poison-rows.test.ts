import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { createClient } from '../../client/index.ts';
import { connectOwner, type Owner } from '../../db/connection/owner/connect.ts';
import { emailWorkflowId, TASK_QUEUE } from '../../workflows/contract.ts';
import { readPage } from '../docs/markdown.ts';
import { connect } from '../support/database.ts';
import { mailsTo } from '../support/mail.ts';
import { startOwnStack, type OwnStack } from '../support/own-stack.ts';
import { signUpTenant, type Founder } from '../support/people.ts';
import { freshSignUp } from '../support/sign-ups.ts';
import { waitFor } from '../support/wait.ts';
import { homeOf } from '../support/workflow-homes.ts';
import { POISON } from './poison.ts';

// Code that runs as a tenant's role may insert any outbox row.
let stack: OwnStack;
let owner: Owner;
let connection: Connection;
let client: Client;
let ada: Founder & { role: string };

beforeAll(async () => {
  stack = await startOwnStack(inject('stack'));
  owner = connectOwner(stack.databaseOwnerUrl, { max: 5, name: 'atrium test' });
  connection = await Connection.connect({ address: stack.temporalAddress });
  client = new Client({ connection });
  const founder = await signUpTenant(stack);
  const { dbRole: role } = await homeOf(owner, founder.slug);
  ada = { ...founder, role };
});
beforeEach(async () => {
  await stack.worker.kill('SIGKILL');
});
afterAll(async () => {
  await connection.close();
  await owner.end({ timeout: 5 });
  await stack.remove();
});

/** @returns an id that sorts before all others */
const lowId = (index: number): string => `00000000-0000-0000-0000-${String(index).padStart(12, '0')}`;

async function signUp(): Promise<string> {
  const person = freshSignUp();
  await createClient({ url: stack.url }).auth.register.mutate(person);
  return person.email;
}

async function untilMailed(email: string, timeout = 60_000): Promise<void> {
  await waitFor(`a mail to ${email}`, async () => (await mailsTo(stack.mailDir, email)).length > 0, timeout);
}

interface State {
  attempts: number;
  error: string | null;
  aside: boolean;
  waits: boolean;
}

async function stateOf(id: string): Promise<State | undefined> {
  const [row] = await owner<State[]>`
    select attempts, last_error as error, set_aside_at is not null as aside, next_attempt_at > now() as waits
    from public.outbox where id = ${id}`;
  return row;
}

const invite = (): string => JSON.stringify({ template: 'invite', inviteId: randomUUID() });

test("no outbox row of a tenant's role, whatever its id, stops others' mail or provisioning", async () => {
  await using app = connect(stack.databaseUrl);
  let queued = 0;
  for (const [index, [kind, payload]] of POISON.entries()) {
    for (let copy = 0; copy < 50; copy++) {
      const id = lowId(index * 100 + copy + 1);
      const queueing = app.sql.begin(async (tx) => {
        await tx`set local role ${tx(ada.role)}`;
        await tx`
          insert into public.outbox (id, tenant_id, kind, payload)
          values (${id}, ${ada.tenantId}, ${kind}, ${payload}::text::jsonb)`;
      });
      const taken = await queueing.then(
        () => true,
        () => false,
      );
      queued += Number(taken);
      // If PostgreSQL refuses the row once, it refuses it every time.
      if (!taken) break;
    }
  }
  expect(queued).toBeGreaterThan(300);
  const email = await signUp();
  await stack.worker.start();
  await untilMailed(email);
  await signUpTenant(stack);

  const rest = await waitFor('each row to be looked at', async () => {
    const rows = await owner<{ kind: string; aside: boolean; error: string | null }[]>`
      select distinct kind, set_aside_at is not null as aside, last_error as error from public.outbox
      where tenant_id = ${ada.tenantId}`;
    return rows.every(({ error }) => error !== null) && rows;
  });
  // The error quotes nothing of the row.
  for (const { error } of rest) expect(error).not.toMatch(/no id|no-such|eve|mine/);
  expect(new Set(rest.map(({ kind, aside }) => `${kind} ${aside ? 'aside' : 'waits'}`))).toEqual(
    new Set(['email.send aside', 'made.up waits', 'constructor.name waits']),
  );
  await owner`delete from public.outbox where tenant_id = ${ada.tenantId}`;
}, 120_000);

test("10,000 outbox rows of one tenant are relayed at the tenant's pace, and do not delay the mail of others", async () => {
  await using app = connect(stack.databaseUrl);
  await app.sql.begin(async (tx) => {
    await tx`set local role ${tx(ada.role)}`;
    await tx`
      insert into public.outbox (id, tenant_id, kind, payload)
      select ('00000000-0000-0000-0000-' || lpad(i::text, 12, '0'))::uuid, ${ada.tenantId}, 'email.send',
        jsonb_build_object('template', 'invite', 'inviteId', gen_random_uuid())
      from generate_series(1, 10000) i`;
  });
  const relayed = async (): Promise<number> => {
    const [left] = await owner<{ count: number }[]>`
      select count(*)::int as count from public.outbox where tenant_id = ${ada.tenantId}`;
    return 10_000 - (left?.count ?? 0);
  };
  const queuedBefore = await signUp();
  const startedAt = performance.now();
  await stack.worker.start();
  await untilMailed(queuedBefore);
  await waitFor('more of them than a burst to be relayed', async () => (await relayed()) >= 25, 60_000);
  await untilMailed(await signUp(), 20_000);
  const count = await relayed();
  // A burst of 20, and 5 per second since the start of the worker.
  expect(count).toBeLessThanOrEqual(20 + 5 * ((performance.now() - startedAt) / 1000));
  await waitFor('still more of them to be relayed', async () => (await relayed()) > count, 60_000);
  await stack.worker.kill('SIGKILL');
  await owner`delete from public.outbox where tenant_id = ${ada.tenantId}`;
}, 120_000);

test('an outbox row that cannot be started is retried with growing delays, and set aside after thirty tries', async () => {
  const [first, last] = [randomUUID(), randomUUID()];
  for (const id of [first, last]) {
    // A workflow with the same id has ended without doing the work.
    const options = { taskQueue: 'nobody', workflowId: emailWorkflowId(id), args: [] };
    await (await client.workflow.start('sendEmail', options)).terminate();
  }
  await owner`
    insert into public.outbox (id, kind, payload, attempts)
    values (${first}, 'email.send', ${invite()}::text::jsonb, 0), (${last}, 'email.send', ${invite()}::text::jsonb, 29)`;
  await stack.worker.start();
  const error = 'a workflow of the same id is there: TERMINATED';
  const aside = { aside: true, error: `failed 30 times: ${error}` };
  await waitFor('a try of each', async () => (await stateOf(first))?.attempts === 1 && (await stateOf(last))?.aside);
  expect(await stateOf(last)).toMatchObject(aside);
  expect(await stateOf(first)).toMatchObject({ aside: false, error });
  await waitFor('more tries', async () => ((await stateOf(first))?.attempts ?? 0) >= 3);
  await owner`delete from public.outbox where id in ${owner([first, last])}`;
}, 60_000);

test('an outbox row that was set aside is put back by the documented statement, and a worker that knows its kind starts it', async () => {
  const [aside, waited] = [randomUUID(), randomUUID()];
  await owner`
    insert into public.outbox (id, kind, payload, set_aside_at) values (${aside}, 'email.send', ${invite()}::text::jsonb, now())`;
  await owner`
    insert into public.outbox (id, kind, payload, last_error, next_attempt_at)
    values (${waited}, 'email.send', ${invite()}::text::jsonb, 'unknown kind', now() + interval '1 hour')`;
  await stack.worker.start();
  await waitFor('the row to be taken up', async () => (await stateOf(waited)) === undefined);
  expect(await stateOf(aside)).toMatchObject({ aside: true });
  const [, statement = ''] =
    /^(update public\.outbox set set_aside_at = null.*);$/m.exec(await readPage('docs/operations.md')) ?? [];
  await owner.unsafe(statement.replace('…', aside));
  await waitFor('the row to be relayed', async () => (await stateOf(aside)) === undefined);
}, 60_000);

test('an invalid traceparent is not passed to a workflow', async () => {
  const id = randomUUID();
  const payload = { template: 'invite', inviteId: randomUUID(), traceparent: 'x'.repeat(5000) };
  await owner`
    insert into public.outbox (id, kind, payload) values (${id}, 'email.send', ${JSON.stringify(payload)}::text::jsonb)`;
  await stack.worker.start();
  await waitFor('the row to be relayed', async () => (await stateOf(id)) === undefined);
  const { memo, taskQueue } = await client.workflow.getHandle(emailWorkflowId(id)).describe();
  expect([memo, taskQueue]).toEqual([{ outboxId: id }, TASK_QUEUE]);
}, 60_000);
