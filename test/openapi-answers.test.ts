import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { callProcedure, verdictOf } from './matrix/call.ts';
import { CALLERS, type Who } from './matrix/callers.ts';
import { makeCaller } from './matrix/cast.ts';
import { inputFor } from './matrix/inputs.ts';
import { procedures, type Procedure } from './matrix/procedures.ts';
import { setStage, type Stage } from './matrix/stage.ts';
import { rowOf } from './matrix/table.ts';
import { deviationOf, operationsOf, readOpenApi } from './support/openapi.ts';
import type { Answer, Call } from './support/rest.ts';

// Each operation of the document is called, and each answer is checked against the document.

const place = inject('stack');
const openApi = await readOpenApi(place.url);
const operations = operationsOf(openApi);
let stage: Stage;

beforeAll(async () => {
  stage = await setStage(place);
});
afterAll(() => stage[Symbol.asyncDispose]());

/** An operation and its row in the table of callers. */
interface Called {
  procedure: Procedure;
  /** The procedure whose row lists who may call. */
  row: string;
}

const EXPORT = 'GET /audit/export';
const called = new Map<string, Called>(
  procedures().flatMap((procedure) => {
    const { path, rest } = procedure;
    return rest ? [[`${rest.method} ${rest.path}`, { procedure, row: path }] as const] : [];
  }),
);
// The only operation without a procedure. Whoever may read the audit log may export it.
called.set(EXPORT, {
  procedure: {
    path: 'audit.export',
    type: 'query',
    rest: { method: 'GET', path: '/audit/export' },
    input: undefined,
    output: undefined,
    action: 'audit.export',
  },
  row: 'audit.list',
});

test('the document has an operation for each procedure with a REST path, and for the export of the audit log, and no others', () => {
  expect([...operations.keys()].toSorted()).toEqual([...called.keys()].toSorted());
});

test.each([...operations])('%s documents its parameters, and what every operation may answer', (name, operation) => {
  const { row } = calledOf(name);
  const { anonymous, lobby } = rowOf(row);
  const needsTenant = lobby === 'TENANT_MISMATCH';
  // The document requires a token only where a call without one is refused.
  if (anonymous === 'UNAUTHENTICATED') expect(operation.security).toEqual([{ bearer: [] }]);
  const inHeader = operation.parameters.find((one) => one.in === 'header' && one.name === 'X-Tenant-Slug');
  expect(inHeader?.required ?? false).toBe(needsTenant);
  const inPath = operation.parameters.filter((one) => one.in === 'path').map((one) => `{${one.name}}`);
  expect(inPath).toEqual(name.match(/\{\w+\}/g) ?? []);
  const statuses = Object.keys(operation.responses);
  // One success status and no `default`, which would hide undocumented errors.
  expect(statuses.filter((one) => !/^[45]\d\d$/.test(one))).toEqual([expect.stringMatching(/^20\d$/)]);
  const refusals = anonymous === 'UNAUTHENTICATED' ? ['401', '403', '413', '429'] : ['413', '429'];
  expect(statuses).toEqual(expect.arrayContaining([...refusals, '500', '503']));
});

test.each([...operations])(
  '%s answers as documented to each kind of caller, and to bad input',
  async (name, operation) => {
    const { procedure, row } = calledOf(name);
    for (const [verdict, who] of oneOfEachVerdict(row)) {
      const answer = await callAs(who, procedure, row);
      expect([who, verdictOf(answer)]).toEqual([who, verdict]);
      expect([who, deviationOf(openApi, operation, answer)]).toEqual([who, undefined]);
    }
    const admitted = CALLERS.find((who) => rowOf(row)[who] === 'ok') ?? 'anonymous';
    const odd: readonly (readonly [what: string, status: number, change: Partial<Call & { input: object }>])[] = [
      ...(procedure.input ? ([['bad input', 400, { input: { unheard: 'of' } }]] as const) : []),
      ...(operation.requestBody
        ? ([['a body that is no JSON', 415, { headers: { 'content-type': 'text/plain' } }]] as const)
        : []),
    ];
    for (const [what, status, change] of odd) {
      const answer = await callAs(admitted, procedure, row, change);
      expect([what, answer.status, deviationOf(openApi, operation, answer)]).toEqual([what, status, undefined]);
    }
  },
);

function calledOf(name: string): Called {
  const found = called.get(name);
  if (!found) throw new Error(`${name} is documented, and no procedure has it`);
  return found;
}

/** @returns one caller for each verdict in a procedure's row */
function oneOfEachVerdict(path: string): Map<string, Who> {
  return new Map(CALLERS.toReversed().map((who) => [rowOf(path)[who], who]));
}

async function callAs(
  who: Who,
  procedure: Procedure,
  row: string,
  change: Partial<Call & { input: object }> = {},
): Promise<Answer> {
  const caller = await makeCaller(stage, who);
  return await callProcedure('REST', stage.url, procedure, {
    ...(caller.token !== undefined && { token: caller.token }),
    tenant: stage.home.slug,
    input: procedure.path === row ? await inputFor(row, stage, caller) : undefined,
    ...change,
  });
}
