import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { freshRequestId } from '../db/audit-rows.ts';
import { resultOf, type Mount } from '../support/mounts.ts';
import { freshSlug } from '../support/people.ts';
import { at } from '../support/rest.ts';
import { auditOf } from './audit.ts';
import { callProcedure, mountsOf, verdictOf } from './call.ts';
import { makeCaller, type Caller } from './cast.ts';
import { FOREIGN, idsTaken, makeThings, type Taken } from './foreign.ts';
import { inputFor } from './inputs.ts';
import { procedures } from './procedures.ts';
import { setStage, type Stage } from './stage.ts';
import { createWatch, type Watch } from './state.ts';
import { rowOf } from './table.ts';

// An admin, with each kind of credentials, sends ids that belong to another tenant.

const ADMINS = ['admin', 'adminKey', 'writeAsAdmin'] as const;
const ROWS = new Map(Object.entries(FOREIGN));
let stage: Stage;
let watch: Watch;

beforeAll(async () => {
  const stack = inject('stack');
  stage = await setStage(stack);
  watch = await createWatch(stage, new URL(stack.databaseUrl).username);
});
afterAll(() => stage[Symbol.asyncDispose]());

test('the table of foreign ids has a row for each id and slug that an admin can send, and no other', () => {
  const names = idsTaken(procedures()).map(({ name }) => name);
  expect([...ROWS.keys()].toSorted()).toEqual(names.toSorted());
});

for (const taken of idsTaken(procedures())) {
  for (const mount of mountsOf(taken.procedure)) {
    test(`${taken.name} of another tenant over ${mount} is answered like an unknown one, and changes nothing`, async () => {
      const row = ROWS.get(taken.name);
      if (!row) throw new Error(`${taken.name} has no row in test/matrix/foreign.ts: say what it is answered`);
      const [kind, expected] = row;
      const things = await makeThings(stage);
      const callers = await Promise.all(
        ADMINS.filter((who) => rowOf(taken.procedure.path)[who] === 'ok').map((who) => makeCaller(stage, who)),
      );
      const inputs = await Promise.all(callers.map((caller) => inputFor(taken.procedure.path, stage, caller)));
      const untouched = await watch.stateOf(stage.litter.users);
      for (const [index, caller] of callers.entries()) {
        const asked = await ask(mount, taken, caller, { ...inputs[index], [taken.field]: things[kind] });
        expect(asked.rows.filter(({ tenantId }) => tenantId === stage.away.tenantId)).toEqual([]);
        if (expected === 'nothing' || expected === 'own rows') {
          expect(asked.verdict).toBe('ok');
          for (const thing of Object.values(things)) expect(asked.text).not.toContain(thing);
          if (expected === 'nothing') expect(at(asked.result, 'items')).toEqual([]);
          continue;
        }
        expect(asked.verdict).toBe(expected);
        if (expected === 'SLUG_TAKEN') continue;
        // The answers for an id of another tenant and for an unknown id are the same.
        const nowhere = kind === 'slug' ? freshSlug() : uuidv7();
        const unknown = await ask(mount, taken, caller, { ...inputs[index], [taken.field]: nowhere });
        expect(unknown.text).toBe(asked.text);
      }
      expect(await watch.stateOf(stage.litter.users)).toEqual(untouched);
    });
  }
}

async function ask(mount: Mount, { procedure }: Taken, { token }: Caller, input: object) {
  const requestId = freshRequestId('foreign');
  const answer = await callProcedure(mount, stage.url, procedure, {
    ...(token !== undefined && { token }),
    tenant: stage.home.slug,
    headers: { 'x-request-id': requestId },
    input,
  });
  const rows = await auditOf(stage.sql, [requestId]);
  return {
    verdict: verdictOf(answer),
    result: resultOf(mount, answer),
    text: JSON.stringify(answer.body).replaceAll(requestId, ''),
    rows: rows.get(requestId) ?? [],
  };
}
