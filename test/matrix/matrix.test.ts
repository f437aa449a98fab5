import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { freshRequestId } from '../db/audit-rows.ts';
import { makeProject } from '../product/things.ts';
import type { Mount } from '../support/mounts.ts';
import { auditOf, type Logs } from './audit.ts';
import { callProcedure, mountsOf, verdictOf } from './call.ts';
import { CALLERS, type Who } from './callers.ts';
import { makeCaller, type Caller } from './cast.ts';
import { forge } from './forge.ts';
import { inputFor } from './inputs.ts';
import type { Expected } from './levels.ts';
import { procedures, type Procedure } from './procedures.ts';
import { logsOf, setStage, type Stage } from './stage.ts';
import { createWatch, type Watch } from './state.ts';
import { isRefusedAtTheDoor, PATHS_IN_TABLE, rowOf } from './table.ts';
import { tracesDue, tracesOf } from './traces.ts';

// Calls every procedure on every mount as every kind of caller. The table lists who is allowed.

/** The number of concurrent calls: fewer than the passwords that may wait for hashing. */
const AT_ONCE = 8;
let stage: Stage;
let logs: Logs;
let watch: Watch;

beforeAll(async () => {
  const stack = inject('stack');
  stage = await setStage(stack);
  logs = logsOf(stage);
  watch = await createWatch(stage, new URL(stack.databaseUrl).username);
});
afterAll(() => stage[Symbol.asyncDispose]());

interface Cell {
  /** The caller, and what is special about the call. */
  name: string;
  who: Who;
  caller: Caller;
  input: object | undefined;
  requestId: string;
  expected: Expected;
}

test('the table of callers has a row for each procedure, and no other', () => {
  const paths = procedures().map(({ path }) => path);
  expect(PATHS_IN_TABLE.toSorted()).toEqual(paths.toSorted());
});

test('a forged token without a fault is accepted, so the others are refused for their fault', async () => {
  const { person } = await makeCaller(stage, 'expiredToken');
  const token = await forge(stage, person, {});
  expect(await stage.accessTokens.verify(token)).toMatchObject({ sub: person.userId, tid: stage.home.tenantId });
});

test('the watch on tenant tables notices writes of the server, and ignores those of workflows', async () => {
  const procedure = procedures().find(({ path }) => path === 'projects.create');
  if (!procedure) throw new Error('There is no projects.create');
  const { caller, input } = await makeCell(procedure.path, 'admin');
  const untouched = await watch.stateOf([]);
  // inTenant uses the owner's login, as in the worker.
  await makeProject(stage, stage.home);
  expect(await watch.stateOf([])).toEqual(untouched);
  const { token = '' } = caller;
  const answer = await callProcedure('REST', stage.url, procedure, {
    token,
    tenant: stage.home.slug,
    headers: {},
    input,
  });
  expect(verdictOf(answer)).toBe('ok');
  expect(await watch.stateOf([])).not.toEqual(untouched);
});

for (const procedure of procedures()) {
  for (const mount of mountsOf(procedure)) {
    test(`${procedure.path} over ${mount} admits the callers of the table; a refusal changes nothing, and each call is audited`, async () => {
      const { sql, litter } = stage;
      const crowd = litter.users.length;
      const valid = await Promise.all(CALLERS.map((who) => makeCell(procedure.path, who)));
      const cells = [...valid, ...withBadInput(procedure, valid)];
      const people = litter.users.slice(crowd);

      const untouched = await watch.stateOf(people);
      const toRefuse = cells.filter(({ expected }) => expected !== 'ok');
      const refused = await callAll(mount, procedure, toRefuse);
      const afterRefusals = await watch.stateOf(people);
      const toAdmit = cells.filter(({ expected }) => expected === 'ok');
      const admitted = await callAll(mount, procedure, toAdmit);

      const verdicts = new Map([...refused, ...admitted]);
      const requestIds = cells.map(({ requestId }) => requestId);
      const rows = await auditOf(sql, requestIds);
      const told: [string, unknown][] = [];
      const due: [string, unknown][] = [];
      for (const { name, caller, requestId, expected } of cells) {
        const call = { procedure, known: caller.known, expected, logs };
        told.push([name, [verdicts.get(name), ...tracesOf(rows.get(requestId) ?? [], call)]]);
        due.push([name, [expected, ...tracesDue(call)]]);
      }
      expect(Object.fromEntries(told)).toEqual(Object.fromEntries(due));
      expect(afterRefusals).toEqual(untouched);
    });
  }
}

async function makeCell(path: string, who: Who): Promise<Cell> {
  const caller = await makeCaller(stage, who);
  const input = await inputFor(path, stage, caller);
  return { name: who, who, caller, input, requestId: freshRequestId('matrix'), expected: rowOf(path)[who] };
}

/** @returns calls with invalid input: a refused caller gets the same refusal, and one allowed caller gets VALIDATION_FAILED */
function withBadInput(procedure: Procedure, cells: readonly Cell[]): Cell[] {
  if (!procedure.input) return [];
  const admitted = cells.find(({ expected }) => expected === 'ok');
  return cells
    .filter((cell) => cell === admitted || isRefusedAtTheDoor(procedure.path, cell.who))
    .map(({ who, caller, expected }) => ({
      name: `${who} with bad input`,
      who,
      caller,
      input: { unheard: 'of' },
      requestId: freshRequestId('matrix'),
      expected: expected === 'ok' ? 'VALIDATION_FAILED' : expected,
    }));
}

async function callAll(mount: Mount, procedure: Procedure, cells: readonly Cell[]): Promise<[string, string][]> {
  const waiting = [...cells];
  const verdicts: [string, string][] = [];
  const callOnAndOn = async (): Promise<void> => {
    for (let cell = waiting.shift(); cell; cell = waiting.shift()) {
      const { name, caller, requestId, input } = cell;
      const answer = await callProcedure(mount, stage.url, procedure, {
        ...(caller.token !== undefined && { token: caller.token }),
        tenant: stage.home.slug,
        headers: { 'x-request-id': requestId },
        input,
      });
      verdicts.push([name, verdictOf(answer)]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, callOnAndOn));
  return verdicts;
}
