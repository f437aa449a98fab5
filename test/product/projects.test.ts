import { beforeAll, expect, inject, test } from 'vitest';
import { aTime, aUuidV7 } from '../support/matchers.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, type Founder } from '../support/people.ts';
import { at, reasonOf, rest, type Answer } from '../support/rest.ts';

const place = inject('stack');
let founder: Founder;

beforeAll(async () => {
  founder = await signUpTenant(place);
});

const call = (method: string, path: string, body?: unknown) =>
  rest(place.url, method, path, {
    token: founder.tokens().accessToken,
    tenant: founder.slug,
    ...(body !== undefined && { body }),
  });

const create = (name: string) => call('POST', '/projects', { name });

test('a project has the shape of the contract', async () => {
  const { status, body } = await call('POST', '/projects', { name: '  Gemini  ', description: 'Two seats' });
  expect(status).toBe(201);
  expect(body).toEqual({
    id: aUuidV7,
    name: 'Gemini',
    description: 'Two seats',
    createdAt: aTime,
    updatedAt: aTime,
  });
});

test('two projects of a tenant never share a name', async () => {
  await create('Mercury');
  const second = await create('Mercury');
  expect([second.status, reasonOf(second)]).toEqual([409, 'CONFLICT']);
  const other = await create('Venus');
  const renamed = await call('PATCH', `/projects/${String(at(other.body, 'id'))}`, { name: 'Mercury' });
  expect([renamed.status, reasonOf(renamed)]).toEqual([409, 'CONFLICT']);
});

test('of equal names made at once, one wins', async () => {
  const answers = await Promise.all(Array.from({ length: 5 }, () => create('Vostok')));
  expect(statusesOf(answers)).toEqual([201, 409, 409, 409, 409]);
});

test('an update changes what it names and leaves the rest', async () => {
  const { body } = await call('POST', '/projects', { name: 'Soyuz', description: 'Three seats' });
  const path = `/projects/${String(at(body, 'id'))}`;
  expect((await call('PATCH', path, { name: 'Soyuz T' })).body).toMatchObject({
    name: 'Soyuz T',
    description: 'Three seats',
  });
  expect((await call('PATCH', path, { description: null })).body).toMatchObject({ name: 'Soyuz T', description: null });
  const after = await call('PATCH', path, {});
  expect(after).toMatchObject({ status: 200, body: { name: 'Soyuz T', description: null } });
  expect(Date.parse(String(at(after.body, 'updatedAt')))).toBeGreaterThanOrEqual(
    Date.parse(String(at(body, 'createdAt'))),
  );
});

test('pages join to the whole list, newest first, with nothing twice and nothing left out', async () => {
  const other = await signUpTenant(place);
  const made: string[] = [];
  for (let index = 0; index < 7; index += 1) {
    made.unshift((await other.client.projects.create.mutate({ name: `Sputnik ${index}` })).id);
  }
  const inside = { token: other.tokens().accessToken, tenant: other.slug };
  const seen: unknown[] = [];
  const sizes: number[] = [];
  for (let cursor = ''; sizes.length < 10;) {
    const { body } = await rest(place.url, 'GET', `/projects?limit=3${cursor}`, inside);
    const items = at(body, 'items');
    if (!Array.isArray(items)) throw new Error('A page without items');
    seen.push(...items.map((item) => at(item, 'id')));
    sizes.push(items.length);
    const next = at(body, 'nextCursor');
    if (typeof next !== 'string') break;
    cursor = `&cursor=${next}`;
  }
  expect(sizes).toEqual([3, 3, 1]);
  expect(seen).toEqual(made);
  const exact = await rest(place.url, 'GET', '/projects?limit=7', inside);
  expect(at(exact.body, 'nextCursor')).toBeNull();
});

test.each(['limit=0', 'limit=101', 'limit=1.5', 'limit=x', 'limit=', 'limit=3&limit=4', 'cursor=x', 'offset=3'])(
  'refuses to list by ?%s',
  async (query) => {
    const answer = await call('GET', `/projects?${query}`);
    expect([answer.status, reasonOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
  },
);

test('a member does all but delete', async () => {
  const member = await addMember(place, founder);
  const inside = { token: member.login.accessToken, tenant: founder.slug };
  const made = await rest(place.url, 'POST', '/projects', { ...inside, body: { name: 'Skylab' } });
  const path = `/projects/${String(at(made.body, 'id'))}`;
  expect(made.status).toBe(201);
  expect((await rest(place.url, 'PATCH', path, { ...inside, body: { name: 'Skylab 2' } })).status).toBe(200);

  const refused = await rest(place.url, 'DELETE', path, inside);
  expect([refused.status, reasonOf(refused)]).toEqual([403, 'FORBIDDEN']);
  expect((await call('GET', path)).status).toBe(200);
  expect((await call('DELETE', path)).status).toBe(204);
});

test('a body or a query that names another project than the path is refused, and changes neither', async () => {
  const made = await Promise.all([create('Mir'), create('Salyut')]);
  const [id = '', other = ''] = made.map(({ body }) => String(at(body, 'id')));
  for (const answer of [
    await call('PATCH', `/projects/${id}`, { id: other, name: 'Mixed up' }),
    await call('DELETE', `/projects/${id}?id=${other}`),
    await call('GET', `/projects/${id}?id=${other}`),
  ]) {
    expect([answer.status, reasonOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
    expect(at(answer.body, 'issues', 0, 'path')).toEqual(['id']);
  }
  expect(at((await call('GET', `/projects/${id}`)).body, 'name')).toBe('Mir');
  expect((await call('PATCH', `/projects/${id}`, { id: id.toUpperCase(), name: 'Mir 2' })).status).toBe(200);
});

test('what is not there is not found, for every verb', async () => {
  const path = `/projects/${crypto.randomUUID()}`;
  const answers = await Promise.all([
    call('GET', path),
    call('PATCH', path, { name: 'Nothing' }),
    call('DELETE', path),
  ]);
  expect(answers.map((answer) => [answer.status, reasonOf(answer)])).toEqual(answers.map(() => [404, 'NOT_FOUND']));
});

const statusesOf = (answers: readonly Pick<Answer, 'status'>[]): number[] =>
  answers.map(({ status }) => status).toSorted((a, b) => a - b);
