import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { procedures } from '../matrix/procedures.ts';
import { setStage, type Stage } from '../matrix/stage.ts';
import { during } from '../support/during.ts';
import { at, rest } from '../support/rest.ts';
import { waitFor } from '../support/wait.ts';
import { call, prepare, since, type Answered, type Ready } from './calls.ts';
import { startProxiedStack, type ProxiedStack } from './proxied-stack.ts';
import { FAILURES, failureTable, type Failure } from './table.ts';

// Tests the table of failures in docs/operations.md: every procedure of the router under every failure.

/** Added to the limits of the table, in ms, because all procedures are called at once on a busy machine. */
const SLACK_MS = 3_000;
const PROBES = ['/livez', '/readyz', '/health'];
const table = await failureTable();
/** The procedures in the table row of calls that queue work for the worker. */
const QUEUEING = table.rowOf('auth.register').names;

let place: ProxiedStack;
let stage: Stage;
/** All calls that succeeded. */
const done: Ready[] = [];
beforeAll(async () => {
  place = await startProxiedStack(inject('stack'));
  stage = await setStage(place.stack);
  await place.goThroughProxies();
  await untilWell();
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  await place[Symbol.asyncDispose]();
});

test('the table of faults names each procedure and probe exactly once', () => {
  const named = table.rows.flatMap(({ names }) => names);
  const known = new Set([...procedures().map(({ path }) => path), ...PROBES]);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
  expect(named.toSorted()).toEqual([...new Set(named)].toSorted());
  expect(table.rows.filter(({ names }) => names.length === 0)).toHaveLength(1);
});

/** Calls a probe until it gives the promised answer, or its time is up. An answer is cached for a second. */
async function probe(path: string, failure: Failure): Promise<Answered> {
  const begun = performance.now();
  const promised = table.rowOf(path).cells[failure];
  for (;;) {
    const outcome = String(await statusOf(path));
    if (outcome === promised.outcome || since(begun) > promised.within) return { outcome, ms: since(begun) };
    await pause(25);
  }
}

async function statusOf(path: string): Promise<number> {
  return (await fetch(`${stage.url}${path}`)).status;
}

/** @returns a line for each answer that differs from the table */
function broken(failure: Failure, told: ReadonlyMap<string, Answered>): string[] {
  return Array.from(told, ([name, { outcome, ms }]) => {
    const promised = table.rowOf(name).cells[failure];
    const held = outcome === promised.outcome && ms <= promised.within + SLACK_MS;
    return held ? '' : `${name}: ${outcome} after ${Math.round(ms)} ms, not ${promised.outcome}`;
  }).filter((line) => line !== '');
}

for (const [turn, failure] of FAILURES.entries()) {
  test(`${failure}: every procedure answers as the table of faults says`, async () => {
    const ready = await Promise.all(procedures().map((procedure) => prepare(stage, procedure)));
    // A mail that is being sent when Temporal or the mail server fails is sent again afterwards.
    await untilAllHaveMail();
    const { told, alone } = await during(faultOf(failure), async () => {
      const answers = [
        ...ready.map(async (one, index): Promise<[string, Answered]> => [
          one.procedure.path,
          await call(stage, one, turn + index),
        ]),
        ...PROBES.map(async (path): Promise<[string, Answered]> => [path, await probe(path, failure)]),
      ];
      return { told: new Map(await Promise.all(answers)), alone: await countsAlone() };
    });
    await untilWell();
    expect(broken(failure, told)).toEqual([]);
    if (failure.startsWith('Redis')) expect(alone).toBe(true);
    done.push(...ready.filter(({ procedure }) => told.get(procedure.path)?.outcome === 'ok'));
  });
}

test('the procedures that the table of faults names, and no others, leave work in the outbox', async () => {
  const ready = await Promise.all(procedures().map((procedure) => prepare(stage, procedure)));
  await waitFor('the outbox to be empty', async () => (await outboxRows()) === 0);
  // A mail that is sent while Temporal is unavailable would be sent again afterwards.
  await untilAllHaveMail();
  const queueing: string[] = [];
  await during(faultOf('Temporal gone'), async () => {
    let rows = await outboxRows();
    for (const [turn, one] of ready.entries()) {
      expect(await call(stage, one, turn)).toMatchObject({ outcome: 'ok' });
      const now = await outboxRows();
      if (now > rows) queueing.push(one.procedure.path);
      rows = now;
    }
  });
  expect(queueing.toSorted()).toEqual(QUEUEING.toSorted());
  done.push(...ready);
});

test('each caller who got a success during an outage gets their tenant and their mail exactly once', async () => {
  await waitFor('the outbox to be empty', async () => (await outboxRows()) === 0, 30_000);
  const slugs = fieldOf({ 'auth.register': 'tenantSlug', 'tenants.create': 'slug' });
  await waitFor(
    'the tenants',
    async () => {
      const ready = await stage.sql`select from public.tenants where slug = any(${slugs}) and status = 'ready'`;
      return ready.length === slugs.length;
    },
    30_000,
  );
  await untilAllHaveMail();
  // Copies of a mail have the same Message-ID, so that mail programs show it once.
  expect(addressees().filter((address) => new Set(mailsTo(address).map(messageIdOf)).size > 1)).toEqual([]);
});

/** @returns how to cause a failure, and how to end it */
function faultOf(failure: Failure): [() => Promise<void>, () => Promise<void>] {
  return [() => place.begin(failure), () => place.end(failure)];
}

function mailsTo(address: string): string[] {
  return place.smtp.mails.filter((mail) => mail.includes(`To: ${address}`));
}

function messageIdOf(mail: string): string | undefined {
  return /^Message-ID: (.*)$/im.exec(mail)?.[1]?.trim();
}

/** @returns the addresses that must get a mail because of the successful calls */
function addressees(): string[] {
  return fieldOf({ 'auth.register': 'email', 'invites.create': 'email' });
}

async function untilAllHaveMail(): Promise<void> {
  await waitFor('the mails', () => addressees().every((address) => mailsTo(address).length > 0), 40_000);
}

/** @returns the values of an input field in the successful calls */
function fieldOf(fields: Readonly<Record<string, string>>): string[] {
  return done.flatMap(({ procedure: { path }, input }) => {
    const field = fields[path];
    return field === undefined ? [] : [String(at(input, field))];
  });
}

async function outboxRows(): Promise<number> {
  const [row] = await stage.sql<{ count: number }[]>`select count(*)::int as count from public.outbox`;
  return row?.count ?? 0;
}

/** Waits until PostgreSQL and Redis are used again. The server tries Redis only when it counts a call. */
async function untilWell(): Promise<void> {
  await waitFor('the server to be well', async () => {
    const { status } = await rest(stage.url, 'GET', '/invites/preview?token=none');
    return status === 400 && (await statusOf('/readyz')) === 200 && !(await countsAlone());
  });
}

/** Whether the server counts calls without Redis. */
async function countsAlone(): Promise<boolean> {
  const text = await (await fetch(`${stage.url}/metrics`)).text();
  return /^atrium_limiter_away 1$/m.test(text);
}
