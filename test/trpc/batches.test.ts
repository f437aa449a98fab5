import { beforeAll, expect, inject, test } from 'vitest';
import { signUpTenant, type Founder } from '../support/people.ts';
import { at, reasonOf, trpc } from '../support/rest.ts';

const place = inject('stack');
let founder: Founder;

beforeAll(async () => {
  founder = await signUpTenant(place);
});

const inside = () => ({ token: founder.tokens().accessToken, tenant: founder.slug });

/** Sends a batch with `count` calls of one query. */
const batchOf = (count: number, procedure = 'users.me') =>
  trpc(
    place.url,
    'query',
    `${Array.from({ length: count }, () => procedure).join(',')}?batch=1&input=%7B%7D`,
    inside(),
  );

test('a batch of ten calls is served, and one of eleven refused', async () => {
  const ten = await batchOf(10);
  expect(ten.status).toBe(200);
  expect(ten.body).toHaveLength(10);

  const eleven = await batchOf(11);
  expect([eleven.status, reasonOf(eleven)]).toEqual([400, 'VALIDATION_FAILED']);
  expect(String(at(eleven.body, 'error', 'data', 'issues', 0, 'message'))).toMatch(/batch|10/i);
});

const REFUSED_AS_A_WHOLE = [
  { what: 'a batch of eleven', path: `${Array.from({ length: 11 }, () => 'users.me').join(',')}?batch=1`, status: 400 },
  { what: 'a path that is no UTF-8', path: '%E0%A4%A', status: 400 },
  { what: 'connection parameters that are no JSON', path: 'users.me?connectionParams=%7B', status: 400 },
  { what: 'a subscription in a batch', path: 'tenants.onStatus,users.me?batch=1', status: 400 },
  { what: 'PUT', method: 'PUT', path: 'users.me', status: 405 },
  { what: 'DELETE', method: 'DELETE', path: 'auth.logout', status: 405 },
];

for (const { what, method = 'GET', path, status } of REFUSED_AS_A_WHOLE) {
  test(`${what} is refused in the usual error format`, async () => {
    const response = await fetch(`${place.url}/trpc/${path}`, { method });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    const body: unknown = await response.json();
    expect(at(body, 'error', 'data')).toMatchObject({
      httpStatus: status,
      reason: status === 405 ? 'METHOD_NOT_SUPPORTED' : 'VALIDATION_FAILED',
      requestId: response.headers.get('x-request-id'),
    });
  });
}

test('a refused batch of eleven mutations changes nothing', async () => {
  const paths = Array.from({ length: 11 }, () => 'projects.create').join(',');
  const body = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [index, { name: `Batched ${index}` }]));
  const answer = await trpc(place.url, 'mutation', `${paths}?batch=1`, { ...inside(), body });
  expect(answer.status).toBe(400);
  expect((await founder.client.projects.list.query({})).items).toEqual([]);
});

test('a failed call of a batch does not affect the others', async () => {
  const [paths, body] = [
    'projects.create,projects.create,projects.update,nothing.here',
    { 0: { name: 'Kept' }, 1: { name: '' }, 2: { id: crypto.randomUUID(), name: 'x' }, 3: {} },
  ];
  const { status, body: answers } = await trpc(place.url, 'mutation', `${paths}?batch=1`, { ...inside(), body });
  expect(status).toBe(207);
  expect(at(answers, 0, 'result', 'data', 'name')).toBe('Kept');
  expect([1, 2, 3].map((index) => at(answers, index, 'error', 'data', 'reason'))).toEqual([
    'VALIDATION_FAILED',
    'NOT_FOUND',
    'NOT_FOUND',
  ]);
  expect((await founder.client.projects.list.query({})).items.map(({ name }) => name)).toEqual(['Kept']);
});

test.each(['%7B', 'null', '7', '%5B%5D', '%22%22', '%7B%220%22%3A7%7D'])(
  'input=%s in a batch is refused as bad input',
  async (input) => {
    const { body } = await trpc(place.url, 'query', `projects.get?batch=1&input=${input}`, inside());
    const first: unknown = Array.isArray(body) ? body[0] : body;
    expect([at(first, 'error', 'data', 'httpStatus'), at(first, 'error', 'data', 'reason')]).toEqual([
      400,
      'VALIDATION_FAILED',
    ]);
  },
);

test.each(['%7B', 'null', '7', '%5B%5D', '%22%22', 'undefined', ''])(
  'input=%s is refused as bad input',
  async (input) => {
    const answer = await trpc(place.url, 'query', `projects.get?input=${input}`, inside());
    expect([answer.status, reasonOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
  },
);

test.each(['nothing', 'projects.nothing', 'projects', '__proto__', 'constructor', 'projects.get.query', 'toString'])(
  'the procedure %s does not exist',
  async (path) => {
    const answer = await trpc(place.url, 'query', path, inside());
    expect([answer.status, reasonOf(answer)]).toEqual([404, 'NOT_FOUND']);
  },
);
