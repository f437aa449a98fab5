import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { freshRequestId } from '../db/audit-rows.ts';
import { makeProject } from '../product/things.ts';
import { resultOf, type Mount } from '../support/mounts.ts';
import { at, rest } from '../support/rest.ts';
import { callProcedure, mountsOf, verdictOf } from './call.ts';
import { makeCaller, type Caller } from './cast.ts';
import { idsTaken, type Taken } from './foreign.ts';
import { inputFor } from './inputs.ts';
import { makeIdentity, makePerson } from './people.ts';
import { procedures } from './procedures.ts';
import { setStage, type Stage } from './stage.ts';
import { rowOf } from './table.ts';
import { makeInvite, makeReset, makeSignUp } from './things.ts';

// Clients in Swift and .NET write ids in upper case.

const CALLERS = ['admin', 'superuser'] as const;
let stage: Stage;

beforeAll(async () => {
  stage = await setStage(inject('stack'));
});
afterAll(() => stage[Symbol.asyncDispose]());

const ids = idsTaken(procedures(), CALLERS).filter(({ field }) => !/slug$/i.test(field));

test('the ids of these tests are sent in paths, bodies, queries and cursors', () => {
  const names = ids.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining([
      'projects.update.id',
      'admin.assumeIdentity.userId',
      'audit.list.actorId',
      'members.list.cursor',
    ]),
  );
});

test.each(['{%s}', 'urn:uuid:%s', ' %s', '%s\n'])('every procedure refuses an id written as %j', (form) => {
  const text = form.replace('%s', uuidv7());
  // There another text is the name of an entity that does not exist.
  for (const { name, procedure, field } of ids.filter((one) => one.field !== 'entityId')) {
    const issues = procedure.input?.safeParse({ [field]: text }).error?.issues ?? [];
    expect(
      issues.map(({ path }) => path[0]),
      name,
    ).toContain(field);
  }
});

for (const taken of ids) {
  for (const mount of mountsOf(taken.procedure)) {
    test(`${taken.name} over ${mount} in capitals has the same effect as in lower case, and is stored in lower case`, async () => {
      const { path, type } = taken.procedure;
      const who = CALLERS.find((one) => rowOf(path)[one] === 'ok');
      if (!who) throw new Error(`Nobody may call ${path}`);
      const caller = await makeCaller(stage, who);
      // A mutation may use its thing up, so each call gets another one.
      const inputs = await Promise.all([0, 1].map(async () => await withId(mount, taken, caller)));
      const [input = {}, another = {}] = type === 'mutation' ? inputs : [inputs[0], inputs[0]];
      const parsed: unknown = taken.procedure.input?.parse(inCapitals(input, taken.field));
      expect(at(parsed, taken.field)).toBe(idIn(input, taken.field));
      const lower = await ask(mount, taken, caller, input);
      const upper = await ask(mount, taken, caller, inCapitals(another, taken.field));
      expect([lower.verdict, upper.verdict]).toEqual(['ok', 'ok']);
      expect(upper.text).not.toContain(idIn(another, taken.field).toUpperCase());
      if (type !== 'mutation') expect(upper.text).toBe(lower.text);
      expect(upper.entities.length).toBe(lower.entities.length);
      for (const entity of upper.entities) expect(entity).toBe(entity?.toLowerCase());
    });
  }
}

for (const mount of ['tRPC', 'REST'] as const) {
  test(`a change whose id was sent in capitals over ${mount} is in the history of the project, whichever case asks`, async () => {
    const admin = await makeCaller(stage, 'admin');
    const id = await makeProject(stage, stage.home);
    const update = procedureOf('projects.update');
    await callProcedure(mount, stage.url, update, {
      ...credentials(admin),
      input: { id: id.toUpperCase(), description: 'hidden?' },
    });
    for (const asked of [id, id.toUpperCase()]) {
      const answer = await rest(stage.url, 'GET', `/audit/project/${asked}`, credentials(admin));
      expect(at(answer.body, 'items', 0)).toMatchObject({ action: 'project.update', entityId: id });
    }
  });

  test(`operators who send their own id in capitals over ${mount} can neither disable nor assume themselves`, async () => {
    const operator = await makeCaller(stage, 'superuser');
    const id = operator.person.userId.toUpperCase();
    const disabled = await callProcedure(mount, stage.url, procedureOf('admin.disableUser'), {
      ...credentials(operator),
      input: { id },
    });
    const assumed = await callProcedure(mount, stage.url, procedureOf('admin.assumeIdentity'), {
      ...credentials(operator),
      input: { userId: id, tenantSlug: stage.home.slug, reason: 'To see what I see' },
    });
    expect([verdictOf(disabled), verdictOf(assumed)]).toEqual(['FORBIDDEN', 'FORBIDDEN']);
  });

  test(`a mailed token whose id came in capitals over ${mount} works as it was mailed`, async () => {
    const { email } = await makePerson(stage);
    const tokens = {
      'auth.previewSignUp': (await makeSignUp(stage)).token,
      'auth.verifyEmail': (await makeSignUp(stage)).token,
      'auth.resetPassword': (await makeReset(stage, email)).token,
      'invites.preview': (await makeInvite(stage, stage.open)).token,
      'invites.accept': (await makeInvite(stage, stage.open)).token,
    };
    for (const [path, token] of Object.entries(tokens)) {
      const [id = '', mac = ''] = token.split('.');
      const caller = await makeCaller(stage, 'anonymous');
      const input = { ...(await inputFor(path, stage, caller)), token: `${id.toUpperCase()}.${mac}` };
      const answer = await callProcedure(mount, stage.url, procedureOf(path), { input });
      expect([path, verdictOf(answer)]).toEqual([path, 'ok']);
    }
  });
}

function procedureOf(path: string) {
  const found = procedures().find((one) => one.path === path);
  if (!found) throw new Error(`There is no ${path}`);
  return found;
}

function credentials({ token }: Caller) {
  return { ...(token !== undefined && { token }), tenant: stage.home.slug };
}

/** @returns an input with an id in the field */
async function withId(mount: Mount, taken: Taken, caller: Caller): Promise<object> {
  const input = (await inputFor(taken.procedure.path, stage, caller)) ?? {};
  if (at(input, taken.field) !== undefined) return input;
  return { ...input, [taken.field]: await idFor(mount, taken, caller, input) };
}

/** @returns an id that a list can be filtered by */
async function idFor(mount: Mount, taken: Taken, caller: Caller, input: object): Promise<string> {
  switch (taken.field) {
    case 'cursor': {
      const first = await callProcedure(mount, stage.url, taken.procedure, { ...credentials(caller), input });
      const items = at(resultOf(mount, first), 'items');
      const last: unknown = Array.isArray(items) ? items.at(-1) : undefined;
      const id = at(last, 'id') ?? at(last, 'userId');
      return typeof id === 'string' ? id : stage.home.tenantId;
    }
    case 'operatorId': {
      const operator = await makePerson(stage, { isSuperuser: true });
      const { userId } = caller.person;
      await makeIdentity(stage, { operator, userId, tenantId: stage.home.tenantId, mode: 'read' });
      return operator.userId;
    }
    case 'actorId':
      return stage.home.userId;
    case 'tenantId':
      return stage.home.tenantId;
    default:
      throw new Error(`${taken.name} has no id to be tried with: name one here`);
  }
}

function idIn(input: object, field: string): string {
  return String(at(input, field));
}

function inCapitals(input: object, field: string): object {
  return { ...input, [field]: idIn(input, field).toUpperCase() };
}

async function ask(mount: Mount, { procedure }: Taken, caller: Caller, input: object) {
  const requestId = freshRequestId('letter-case');
  const answer = await callProcedure(mount, stage.url, procedure, {
    ...credentials(caller),
    headers: { 'x-request-id': requestId },
    input,
  });
  const rows = await stage.sql<{ entity: string | null }[]>`
    select entity_id as entity from public.audit_logs where request_id = ${requestId}`;
  return {
    verdict: verdictOf(answer),
    text: JSON.stringify(answer.body ?? null).replaceAll(requestId, ''),
    entities: rows.map(({ entity }) => entity),
  };
}
