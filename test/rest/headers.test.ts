import { beforeAll, expect, inject, test } from 'vitest';
import { expectGuarded } from '../support/guards.ts';
import { signUpTenant, type Founder } from '../support/people.ts';
import { at, rest, trpc } from '../support/rest.ts';

const place = inject('stack');
let founder: Founder;

beforeAll(async () => {
  founder = await signUpTenant(place);
});

const SURFACES = [
  { method: 'GET', path: '/api/v1/users/me', status: 401 },
  { method: 'POST', path: '/api/v1/auth/login', status: 415 },
  { method: 'GET', path: '/api/v1/nothing', status: 404 },
  { method: 'GET', path: '/trpc/users.me', status: 401 },
  { method: 'GET', path: '/trpc/nothing', status: 404 },
  { method: 'GET', path: '/trpc/auth.logout', status: 405 },
  { method: 'GET', path: '/nothing', status: 404 },
  { method: 'GET', path: '/', status: 404 },
  { method: 'OPTIONS', path: '/api/v1/users/me', status: 204 },
  { method: 'HEAD', path: '/livez', status: 200 },
  { method: 'GET', path: '/livez', status: 200 },
  { method: 'GET', path: '/readyz', status: 200 },
  { method: 'GET', path: '/health', status: 200 },
  { method: 'GET', path: '/openapi.json', status: 200 },
  { method: 'GET', path: '/.well-known/jwks.json', status: 200 },
];

for (const { method, path, status } of SURFACES) {
  test(`${method} ${path} has the security headers (${status})`, async () => {
    const response = await fetch(`${place.url}${path}`, { method });
    expect(response.status).toBe(status);
    expectGuarded(response);
  });
}

test('successful answers of both mounts have the security headers', async () => {
  const call = { token: founder.tokens().accessToken, tenant: founder.slug };
  const answers = await Promise.all([
    rest(place.url, 'GET', '/projects', call),
    rest(place.url, 'POST', '/projects', { ...call, body: { name: 'Guarded' } }),
    trpc(place.url, 'query', 'projects.list', { ...call, body: {} }),
    trpc(place.url, 'query', 'tenants.get,users.me?batch=1&input=%7B%7D', call),
    fetch(`${place.url}/trpc/users.me,users.me?batch=1&input=%7B%7D`, {
      headers: { authorization: `Bearer ${call.token}`, 'trpc-accept': 'application/jsonl' },
    }),
  ]);
  for (const answer of answers) {
    expect([200, 201]).toContain(answer.status);
    expectGuarded(answer);
  }
});

test("a caller's request id is returned in the header and in errors", async () => {
  const headers = { 'x-request-id': 'my-request.0001' };
  const overRest = await rest(place.url, 'GET', '/users/me', { headers });
  const overTrpc = await trpc(place.url, 'query', 'users.me', { headers });
  expect(overRest.headers.get('x-request-id')).toBe('my-request.0001');
  expect(at(overRest.body, 'requestId')).toBe('my-request.0001');
  expect(at(overTrpc.body, 'error', 'data', 'requestId')).toBe('my-request.0001');
});

test.each(['short', 'x'.repeat(65), 'two words', '<script>alert(1)</script>', 'a;b=c,d e'])(
  'the request id %j is replaced by a new one',
  async (id) => {
    const { headers } = await rest(place.url, 'GET', '/users/me', { headers: { 'x-request-id': id } });
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  },
);

test('no other origin can call while none is configured', async () => {
  const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
  for (const path of ['/api/v1/users/me', '/trpc/users.me', '/openapi.json']) {
    const preflight = await fetch(`${place.url}${path}`, { method: 'OPTIONS', headers });
    const plain = await fetch(`${place.url}${path}`, { headers });
    for (const response of [preflight, plain]) expect(response.headers.get('access-control-allow-origin')).toBeNull();
  }
});
