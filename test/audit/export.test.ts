import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { CALLERS, type Who } from '../matrix/callers.ts';
import { makeCaller } from '../matrix/cast.ts';
import { setStage, type Stage } from '../matrix/stage.ts';
import { freshRequestId, rowsOf } from '../db/audit-rows.ts';
import { signUpTenant, type Founder } from '../support/people.ts';
import { at, reasonOf, rest, type Answer } from '../support/rest.ts';

// The export is the only call that is not a procedure. Its access checks are the same.
const shared = inject('stack');
const PATH = '/audit/export';
let stage: Stage;
let ada: Founder;

beforeAll(async () => {
  stage = await setStage(shared);
  ada = await signUpTenant(shared);
});
afterAll(() => stage[Symbol.asyncDispose]());

const lineShape = z.object({ id: z.uuid(), action: z.string(), createdAt: z.iso.datetime() });

function linesOf({ body }: Answer): z.infer<typeof lineShape>[] {
  const text = z.string().parse(body);
  expect(text.endsWith('\n')).toBe(true);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => lineShape.loose().parse(JSON.parse(line)));
}

async function exportAs(founder: Founder, query = '', requestId = freshRequestId()) {
  const call = { token: founder.tokens().accessToken, tenant: founder.slug, headers: { 'x-request-id': requestId } };
  return await rest(shared.url, 'GET', `${PATH}${query}`, call);
}

/** Who may export, as in the matrix: an admin, and an API key of an admin. */
const ADMITTED: ReadonlySet<Who> = new Set(['admin', 'adminKey']);
const REFUSED: Partial<Record<Who, string>> = {
  lobby: 'TENANT_MISMATCH',
  foreign: 'TENANT_MISMATCH',
  superuser: 'TENANT_MISMATCH',
  removed: 'TENANT_NOT_FOUND',
  member: 'FORBIDDEN',
  memberKey: 'FORBIDDEN',
  readAsMember: 'FORBIDDEN',
  writeAsMember: 'FORBIDDEN',
  readAsAdmin: 'FORBIDDEN',
  writeAsAdmin: 'FORBIDDEN',
};

test.each(CALLERS)('%s exports the audit log, or is refused with an audit row of the refusal', async (who) => {
  const { token, known } = await makeCaller(stage, who);
  const id = freshRequestId();
  const answer = await rest(shared.url, 'GET', PATH, {
    tenant: stage.home.slug,
    headers: { 'x-request-id': id },
    ...(token !== undefined && { token }),
  });
  const rows = await rowsOf(stage.sql, id);
  if (ADMITTED.has(who)) {
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
    expect(linesOf(answer).length).toBeGreaterThan(0);
    expect(rows).toEqual([
      expect.objectContaining({
        action: 'audit.export',
        outcome: 'success',
        tenant_id: stage.home.tenantId,
        actor_type: known?.type,
        actor_id: known?.id,
      }),
    ]);
    return;
  }
  expect([who, reasonOf(answer)]).toEqual([who, REFUSED[who] ?? 'UNAUTHENTICATED']);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(rows.map(({ outcome, tenant_id }) => [outcome, tenant_id])).toEqual(known ? [['denied', known.tenantId]] : []);
});

test('an export has each row of the tenant once, oldest first, as in audit.list, and no row of another tenant', async () => {
  for (const name of ['Apollo', 'Gemini', 'Mercury']) await ada.client.projects.create.mutate({ name });
  const { items } = await ada.client.audit.list.query({ limit: 100 });
  const lines = linesOf(await exportAs(ada));
  expect(lines).toEqual(items.toReversed());
  expect(lines.filter(({ action }) => action === 'project.create')).toHaveLength(3);
});

test('from and to limit an export to rows of that time', async () => {
  const { items } = await ada.client.audit.list.query({ action: 'project.create' });
  const [newest, middle] = items;
  const query = `?from=${middle?.createdAt}&to=${newest?.createdAt}`;
  expect(linesOf(await exportAs(ada, query)).map(({ id }) => id)).toContain(middle?.id);
  const { status, body } = await exportAs(ada, '?to=2020-01-01T00:00:00Z');
  expect([status, body]).toEqual([200, undefined]);
});

test('an export has no rows from after its beginning, not even its own, however long it takes', async () => {
  const id = freshRequestId();
  const lines = linesOf(await exportAs(ada, '?to=2999-01-01T00:00:00Z', id));
  expect(lines.filter((line) => at(line, 'requestId') === id)).toEqual([]);
});

test.each([
  ['?from=yesterday', 'from'],
  ['?to=9999999', 'to'],
  ['?action=project.create', ''],
  ['?from=2020-01-01T00:00:00Z&from=2021-01-01T00:00:00Z', 'from'],
])(
  'the filter %s is refused as bad input to admins, and members are refused before it is read',
  async (query, path) => {
    const answer = await exportAs(ada, query);
    expect([answer.status, reasonOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
    expect(at(answer.body, 'issues', 0, 'path')).toEqual(path === '' ? [] : [path]);
    const { token } = await makeCaller(stage, 'member');
    const refused = await rest(shared.url, 'GET', `${PATH}${query}`, {
      tenant: stage.home.slug,
      ...(token !== undefined && { token }),
    });
    expect(reasonOf(refused)).toBe('FORBIDDEN');
  },
);

test('an export without a tenant in the header is refused', async () => {
  const answer = await rest(shared.url, 'GET', PATH, { token: ada.tokens().accessToken });
  expect(reasonOf(answer)).toBe('TENANT_REQUIRED');
});
