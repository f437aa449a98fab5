import { beforeAll, expect, inject, test } from 'vitest';
import { freshRequestId } from '../db/audit-rows.ts';
import { aTime, aUuidV7 } from '../support/matchers.ts';
import { signUpTenant, freshEmail, logIn, type Founder } from '../support/people.ts';
import { reasonOf, rest } from '../support/rest.ts';

const place = inject('stack');
let ada: Founder;
let ben: Founder;
let root: Awaited<ReturnType<typeof logIn>>;

beforeAll(async () => {
  [ada, ben, root] = await Promise.all([signUpTenant(place), signUpTenant(place), logIn(place, place.superuser)]);
});

type Filter = Parameters<typeof root.client.admin.audit.query>[0];

/** @returns all rows of a filter, on all pages, since other tests write rows too */
async function read(filter: Filter) {
  const rows = [];
  let cursor: string | null | undefined;
  do {
    const page = await root.client.admin.audit.query({ limit: 100, ...filter, ...(cursor && { cursor }) });
    rows.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return rows;
}

async function create(founder: Founder, name: string): Promise<string> {
  return (await founder.client.projects.create.mutate({ name })).id;
}

test('an operator reads the rows of every audit log, and sees the tenant of each', async () => {
  const from = new Date().toISOString();
  const ids = [await create(ada, 'Apollo'), await create(ben, 'Apollo')];
  const login = freshRequestId('operator');
  await rest(place.url, 'POST', '/auth/login', {
    body: { email: freshEmail('nobody'), password: 'not-the-password-of-anyone' },
    headers: { 'x-request-id': login },
  });
  const rows = await read({ from });
  const told = rows.filter(({ entityId, requestId }) => ids.includes(entityId ?? '') || requestId === login);
  expect(told.map(({ action, tenantId, entityId }) => [action, tenantId, entityId])).toEqual([
    ['user.login', null, null],
    ['project.create', ben.tenantId, ids[1]],
    ['project.create', ada.tenantId, ids[0]],
  ]);
  expect(told[2]).toEqual({
    id: aUuidV7,
    tenantId: ada.tenantId,
    action: 'project.create',
    entityType: 'project',
    entityId: ids[0],
    actorType: 'user',
    actorId: ada.userId,
    operatorId: null,
    outcome: 'success',
    ipAddress: '127.0.0.1',
    userAgent: 'node',
    requestId: aUuidV7,
    changes: { name: [null, 'Apollo'] },
    createdAt: aTime,
  });
});

test('audit rows can be filtered by tenant, action, actor, outcome and time, and by all of them together', async () => {
  const { tenantId, userId: actorId } = ada;
  const start = new Date().toISOString();
  const id = await create(ada, 'Filtered');
  await expect(create(ada, 'Filtered')).rejects.toMatchObject({ data: { reason: 'CONFLICT' } });
  await create(ben, 'Filtered');
  const outcomes = async (filter: Filter) =>
    (await read({ action: 'project.create', from: start, ...filter }))
      .filter((row) => [ada.tenantId, ben.tenantId].includes(row.tenantId ?? ''))
      .map((row) => [row.tenantId === tenantId ? 'ada' : 'ben', row.outcome]);

  expect(await outcomes({})).toEqual([
    ['ben', 'success'],
    ['ada', 'failure'],
    ['ada', 'success'],
  ]);
  expect(await outcomes({ tenantId })).toEqual([
    ['ada', 'failure'],
    ['ada', 'success'],
  ]);
  expect(await outcomes({ actorId: ben.userId })).toEqual([['ben', 'success']]);
  expect(await outcomes({ outcome: 'failure' })).toEqual([['ada', 'failure']]);
  expect(await outcomes({ tenantId: ben.tenantId, actorId })).toEqual([]);
  expect(await outcomes({ to: start })).toEqual([]);
  expect(await outcomes({ action: 'project.delete' })).toEqual([]);
  const [row] = await read({ tenantId, actorId, action: 'project.create', outcome: 'success', from: start });
  expect(row?.entityId).toBe(id);
});

test('paging through the audit log of all tenants gives each row once', async () => {
  const filter = { tenantId: ada.tenantId, action: 'project.create', from: new Date().toISOString() };
  for (const name of ['One', 'Two', 'Three']) await create(ada, name);
  const first = await root.client.admin.audit.query({ ...filter, limit: 2 });
  const second = await root.client.admin.audit.query({ ...filter, limit: 2, cursor: first.nextCursor ?? '' });
  const names = [...first.items, ...second.items].map(({ changes }) => changes['name']?.[1]);
  expect(names).toEqual(['Three', 'Two', 'One']);
  expect(second.nextCursor).toBeNull();
});

test('an admin of a tenant cannot read the audit log of all tenants, and reads that of their own', async () => {
  const { accessToken: token } = ada.tokens();
  const refused = await rest(place.url, 'GET', `/admin/audit?tenantId=${ada.tenantId}`, { token, tenant: ada.slug });
  expect([refused.status, reasonOf(refused)]).toEqual([403, 'FORBIDDEN']);
  const { items } = await ada.client.audit.list.query({ actorId: ben.userId });
  expect(items).toEqual([]);
});
