import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createClient } from '../../client/index.ts';
import { freePort } from '../../dev/ports.ts';
import { startSmtpServer, type SmtpServer } from '../mail/smtp-server.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { startOwnStack, type OwnStack } from '../support/own-stack.ts';
import { freshSignUp, type SignUp } from '../support/sign-ups.ts';
import { waitFor } from '../support/wait.ts';

/** How long the mail server is away, in ms: longer than a few tries of the worker's. */
const DEAD_MS = 6_000;
/**
 * How much longer the fastest sign-up may take while it is away: as a factor, and in ms for noise. What all have to wait for,
 * the fastest waits for too; what else the machine does holds up some.
 */
const AS_FAST = { factor: 1.5, noise: 50 } as const;
const SIGN_UPS = 9;
/** What the server says until the mail is on its way: a greeting, three times OK, and "go on". */
const BEFORE_THE_LAST_ANSWER = '220 test ESMTP\r\n'.length + 3 * '250 OK\r\n'.length + '354 Go on\r\n'.length;
/** When a mail in hand is given to another worker, at the latest, in ms: after 10 s of silence, and a second more. */
const LOST_MS = 12_000;
/** The pieces that a mail's dialogue has at least, one after the other. */
const PIECES = 11;

const port = await freePort();
let smtp: SmtpServer;
let proxy: FaultProxy;
let stack: OwnStack;
let connection: Connection;
beforeAll(async () => {
  smtp = await startSmtpServer(port);
  proxy = await startFaultProxy(port);
  stack = await startOwnStack(inject('stack'), { extraEnv: { MAIL_URL: `smtp://127.0.0.1:${proxy.port}` } });
  connection = await Connection.connect({ address: stack.temporalAddress });
});
afterAll(async () => {
  await connection.close();
  await stack.remove();
  await proxy[Symbol.asyncDispose]();
  await smtp[Symbol.asyncDispose]();
});

/** Signs people up, one after the other. @returns who, and how long the fastest had to wait, in ms */
async function signUp(count: number): Promise<{ people: SignUp[]; fastest: number }> {
  const client = createClient({ url: stack.url });
  const people: SignUp[] = [];
  const times: number[] = [];
  for (let turn = 0; turn < count; turn++) {
    const person = freshSignUp();
    const begun = performance.now();
    await client.auth.register.mutate(person);
    times.push(performance.now() - begun);
    people.push(person);
  }
  return { people, fastest: Math.min(...times) };
}

/** The mails that someone got. */
function mailsTo({ email }: SignUp): string[] {
  return smtp.mails.filter((mail) => mail.includes(`To: ${email}`));
}

const idOf = (mail: string): string | undefined => /^Message-ID: (.*)$/im.exec(mail)?.[1]?.trim();

async function untilAllHaveMail(people: readonly SignUp[]): Promise<void> {
  await waitFor('a mail for each', () => people.every((person) => mailsTo(person).length > 0), 30_000);
}

/** Ends of the mail server: what is done to it, and how it is undone. */
const DEATHS: [string, () => Promise<void> | void, () => Promise<void> | void][] = [
  [
    'refuses connections',
    async () => {
      await proxy.refuse();
      proxy.reset();
    },
    () => proxy.accept(),
  ],
  ['is frozen', () => proxy.freeze(), () => proxy.thaw()],
  [
    'breaks every connection',
    () => {
      proxy.reset();
      proxy.cutAfter(0);
    },
    () => proxy.cutAfter(Number.POSITIVE_INFINITY),
  ],
];

test.each(DEATHS)(
  'while the mail server %s a sign-up is as fast as ever, and its mail comes later, once',
  async (_, die, live) => {
    const before = await signUp(SIGN_UPS);
    await untilAllHaveMail(before.people);
    await die();
    const dead = pause(DEAD_MS);
    const { people, fastest } = await signUp(SIGN_UPS);
    await dead;
    const early = people.flatMap(mailsTo);
    await live();
    expect(fastest).toBeLessThanOrEqual(before.fastest * AS_FAST.factor + AS_FAST.noise);
    expect(early).toEqual([]);

    await untilAllHaveMail(people);
    // Whoever comes last shows that nothing of the others is still on its way.
    await untilAllHaveMail((await signUp(1)).people);
    expect(people.map((person) => mailsTo(person).length)).toEqual(people.map(() => 1));
  },
  60_000,
);

test('a mail whose taking over is not heard of is sent again, with the same Message-ID', async () => {
  // The worker keeps connections: only new ones are cut where we count from.
  proxy.reset();
  proxy.cutAfter(BEFORE_THE_LAST_ANSWER + 3);
  const { people } = await signUp(1);
  const [person] = people;
  if (!person) throw new Error('Nobody signed up');
  await waitFor('the first copy', () => mailsTo(person).length > 0);
  proxy.cutAfter(Number.POSITIVE_INFINITY);
  await waitFor('the second copy', () => mailsTo(person).length > 1);
  await untilAllHaveMail((await signUp(1)).people);
  const ids = mailsTo(person).map(idOf);
  expect(ids.length).toBe(2);
  expect(new Set(ids).size).toBe(1);
  expect(ids[0]).toMatch(/^<.+@.+>$/);
});

/** The mailing that a worker has in hand now. */
async function mailingInHand(): Promise<WorkflowHandle> {
  const { workflow } = new Client({ connection });
  return await waitFor('a mailing to be in hand', async () => {
    for await (const { workflowId } of workflow.list({ query: `WorkflowType = 'sendEmail'` })) {
      const handle = workflow.getHandle(workflowId);
      const [activity] = (await handle.describe()).raw.pendingActivities ?? [];
      if (activity?.lastStartedTime) return handle;
    }
    return undefined;
  });
}

test('a mail that a worker had in hand when it was killed is sent by another, within half a minute', async () => {
  proxy.reset();
  proxy.freeze();
  const { people } = await signUp(1);
  await mailingInHand();
  await stack.worker.kill('SIGKILL');
  proxy.thaw();
  await stack.worker.start();
  await untilAllHaveMail(people);
  expect(people.map((person) => mailsTo(person).length)).toEqual([1]);
}, 60_000);

test('a mail that takes longer than a lost one is waited for stays in the same hands', async () => {
  proxy.reset();
  proxy.latency(Math.ceil(LOST_MS / PIECES));
  const { people } = await signUp(1);
  const mailing = await mailingInHand();
  const begun = performance.now();
  await mailing.result();
  expect(performance.now() - begun).toBeGreaterThan(LOST_MS);
  proxy.latency(0);
  const { events } = await mailing.fetchHistory();
  const tries = events?.flatMap(({ activityTaskStartedEventAttributes: started }) => started?.attempt ?? []);
  expect(tries).toEqual([1]);
  expect(people.map((person) => mailsTo(person).length)).toEqual([1]);
}, 60_000);
