import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createClient } from '../../client/index.ts';
import { freePort } from '../../dev/ports.ts';
import { startSmtpServer, type SmtpServer } from '../mail/smtp-server.ts';
import { during } from '../support/during.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { startOwnStack, type OwnStack } from '../support/own-stack.ts';
import { freshSignUp, type SignUp } from '../support/sign-ups.ts';
import { waitFor } from '../support/wait.ts';

/** How long the mail server is unavailable, in ms: longer than a few attempts of the worker. */
const DEAD_MS = 6_000;
/**
 * How much longer the fastest sign-up may take than one with a working mail server: a factor, and `noise` in ms for other
 * work of the machine. If sign-ups waited for the mail server, even the fastest would take seconds.
 */
const AS_FAST = { factor: 2, noise: 250 } as const;
const SIGN_UPS = 9;
/** The bytes that the mail server sends before it accepts the mail: a greeting, three times OK, and "go on". */
const BEFORE_THE_LAST_ANSWER = '220 test ESMTP\r\n'.length + 3 * '250 OK\r\n'.length + '354 Go on\r\n'.length;
/** When Temporal gives a mail to another worker at the latest, in ms: after 10 s without a heartbeat, and some slack. */
const LOST_MS = 12_000;
/** The minimum number of messages, one after the other, in the SMTP dialogue of a mail. */
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

/** Signs a person up. @returns the input, and how long the call took, in ms */
async function signUpAt(url: string): Promise<{ person: SignUp; ms: number }> {
  const person = freshSignUp();
  const begun = performance.now();
  await createClient({ url }).auth.register.mutate(person);
  return { person, ms: performance.now() - begun };
}

async function signUp(): Promise<SignUp> {
  return (await signUpAt(stack.url)).person;
}

/** Signs people up, in turns with the shared stack, whose mails are files. @returns the fastest times of both, in ms */
async function signUpInTurn(count: number): Promise<{ people: SignUp[]; fastest: number; elsewhere: number }> {
  const here: Awaited<ReturnType<typeof signUpAt>>[] = [];
  const there: typeof here = [];
  for (let turn = 0; turn < count; turn++) {
    here.push(await signUpAt(stack.url));
    there.push(await signUpAt(inject('stack').url));
  }
  const fastest = (them: typeof here): number => Math.min(...them.map(({ ms }) => ms));
  return { people: here.map(({ person }) => person), fastest: fastest(here), elsewhere: fastest(there) };
}

/** @returns the mails to a person */
function mailsTo({ email }: SignUp): string[] {
  return smtp.mails.filter((mail) => mail.includes(`To: ${email}`));
}

const idOf = (mail: string): string | undefined => /^Message-ID: (.*)$/im.exec(mail)?.[1]?.trim();

async function untilAllHaveMail(people: readonly SignUp[]): Promise<void> {
  await waitFor('a mail for each', () => people.every((person) => mailsTo(person).length > 0), 30_000);
}

/** Failures of the mail server: how to cause each one, and how to end it. */
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
  'while the mail server %s a sign-up is not slower, and its mail is sent later, once',
  async (_, die, live) => {
    await untilAllHaveMail([await signUp()]);
    const { people, fastest, elsewhere } = await during([die, live], async () => {
      const dead = pause(DEAD_MS);
      const signedUp = await signUpInTurn(SIGN_UPS);
      await dead;
      expect(signedUp.people.flatMap(mailsTo)).toEqual([]);
      return signedUp;
    });
    expect(fastest).toBeLessThanOrEqual(elsewhere * AS_FAST.factor + AS_FAST.noise);

    await untilAllHaveMail(people);
    // Once the last person has a mail, the earlier mails have been sent too.
    await untilAllHaveMail([await signUp()]);
    expect(people.map((person) => mailsTo(person).length)).toEqual(people.map(() => 1));
  },
);

test('a mail whose acceptance was not confirmed is sent again with the same Message-ID', async () => {
  // The worker reuses connections, but the bytes are counted from the start of a new one.
  proxy.reset();
  const cut = (): void => proxy.cutAfter(BEFORE_THE_LAST_ANSWER + 3);
  const { cuts } = proxy;
  const person = await during([cut, () => proxy.cutAfter(Number.POSITIVE_INFINITY)], async () => {
    const one = await signUp();
    // The server has the mail a moment before its answer reaches the proxy, so wait for the cut before ending the failure.
    await waitFor('the answer to the first copy to be cut', () => mailsTo(one).length > 0 && proxy.cuts > cuts);
    return one;
  });
  await waitFor('the second copy', () => mailsTo(person).length > 1);
  await untilAllHaveMail([await signUp()]);
  const ids = mailsTo(person).map(idOf);
  expect(ids.length).toBe(2);
  expect(new Set(ids).size).toBe(1);
  expect(ids[0]).toMatch(/^<.+@.+>$/);
});

/** @returns the workflow of the mail that a worker is sending */
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

test('a mail that a worker was sending when it was killed is sent by another worker within 30 s', async () => {
  proxy.reset();
  const person = await during([() => proxy.freeze(), () => proxy.thaw()], async () => {
    const one = await signUp();
    await mailingInHand();
    await stack.worker.kill('SIGKILL');
    return one;
  });
  await stack.worker.start();
  await untilAllHaveMail([person]);
  expect(mailsTo(person)).toHaveLength(1);
});

test('a mail that is sent slowly is not taken over by another worker', async () => {
  proxy.reset();
  const slowly = (): void => proxy.latency(Math.ceil(LOST_MS / PIECES) + 100);
  const { person, mailing } = await during([slowly, () => proxy.latency(0)], async () => {
    const one = await signUp();
    const handle = await mailingInHand();
    await handle.result();
    return { person: one, mailing: handle };
  });
  const { events } = await mailing.fetchHistory();
  const started = events?.filter((event) => event.activityTaskStartedEventAttributes) ?? [];
  const done = events?.find((event) => event.activityTaskCompletedEventAttributes);
  expect(started.map((event) => event.activityTaskStartedEventAttributes?.attempt)).toEqual([1]);
  expect(secondOf(done) - secondOf(started[0])).toBeGreaterThan(LOST_MS / 1000);
  expect(mailsTo(person)).toHaveLength(1);
});

/** @returns the time of an event, in seconds */
function secondOf(event: { eventTime?: { seconds?: unknown; nanos?: number | null } | null } | undefined): number {
  return Number(event?.eventTime?.seconds) + (event?.eventTime?.nanos ?? 0) / 1e9;
}
